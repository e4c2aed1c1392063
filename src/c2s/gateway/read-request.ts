import type { IncomingMessage } from 'node:http';
import { UpstreamFault } from '../../http/buffered-exchange.ts';

/**
 * The whole body, or undefined when it is longer than `limit` bytes. A caller that leaves in the middle, or is too
 * slow for the server's limit, is a fault of the kind `caller-left`: nothing was sent on.
 */
export async function collect(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return undefined;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new UpstreamFault('caller-left', true, error);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}
