/** The file was refused at start: there is no old table that could stay. The message is the report. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
}
