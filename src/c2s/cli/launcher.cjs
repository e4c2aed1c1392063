#!/usr/bin/env node
'use strict';

/**
 * The `c2s-facade` command: checks the Node version, then runs the sources of a checkout or the built files of a package.
 * Plain CommonJS without newer syntax, for a Node that is too old must still be able to read it and say so. The build
 * copies this file to the same folder of dist, which the package's `bin` names.
 */

var fs = require('fs');
var path = require('path');
var url = require('url');

var ROOT = path.join(__dirname, '..', '..', '..');
var engines = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')).engines;
var needed = engines.node.replace(/^>=/, '');

function isOlder(version, bound) {
  var own = version.split('.').map(Number);
  var least = bound.split('.').map(Number);
  for (var i = 0; i < least.length; i++) {
    if (own[i] !== least[i]) return own[i] < least[i];
  }
  return false;
}

if (isOlder(process.versions.node, needed)) {
  process.stderr.write('c2s-facade needs Node ' + needed + ' or newer; this is Node ' + process.versions.node + '.\n');
  process.exitCode = 1;
} else {
  var source = path.join(ROOT, 'src', 'c2s', 'cli', 'main.ts');
  var entry = fs.existsSync(source) ? source : path.join(__dirname, 'main.js');
  import(url.pathToFileURL(entry).href).catch(function (error) {
    setImmediate(function () {
      throw error;
    });
  });
}
