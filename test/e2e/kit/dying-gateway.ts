import type { Socket } from 'node:net';
import { startRawUpstream, type TestUpstream } from './upstream.ts';

/** A gateway that receives a request whole, and then dies in one of the ways in which processes die. */

export type Death = 'before headers' | 'mid-headers' | 'mid-body' | 'mid-body of an error' | 'silence';

export interface DyingGateway extends Omit<TestUpstream, 'received'> {
  readonly death: Death;
  /** The target of every request that arrived whole, in order. */
  readonly arrived: string[];
}

/** @param answersBefore requests of each connection that are answered well before it dies. */
export async function startDyingGateway(death: Death, answersBefore = 0): Promise<DyingGateway> {
  const arrived: string[] = [];
  const upstream = await startRawUpstream((socket) => {
    let text = '';
    let answered = 0;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let length = wholeRequest(text); length > 0; length = wholeRequest(text)) {
        arrived.push(text.split(' ', 2)[1] ?? '');
        text = text.slice(length);
        if (answered++ < answersBefore) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        else die(socket, death);
      }
    });
  });
  return { ...upstream, death, arrived };
}

/** Characters of the first request when it is whole, else 0. */
function wholeRequest(text: string): number {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return 0;
  const head = text.slice(0, end);
  if (/^transfer-encoding:/im.test(head)) {
    const last = text.indexOf('0\r\n\r\n', end + 4);
    return last < 0 ? 0 : last + 5;
  }
  const length = end + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return text.length < length ? 0 : length;
}

function die(socket: Socket, death: Death): void {
  const last = (bytes: string): void => void socket.write(bytes, () => socket.destroy());
  switch (death) {
    case 'before headers':
      return void socket.resetAndDestroy();
    case 'mid-headers':
      return last('HTTP/1.1 200 OK\r\ncontent-type: applica');
    case 'mid-body':
      return last('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":');
    case 'mid-body of an error':
      return last('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 100\r\n\r\n{"detail":');
    case 'silence':
      return;
  }
}
