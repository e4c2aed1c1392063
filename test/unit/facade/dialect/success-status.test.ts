import { describe, expect, it } from 'vitest';
import { successStatus } from '../../../../src/facade/dialect/success-status.ts';
import type { RouteModel } from '../../../../src/facade/rollout/route.ts';
import { successOf } from './rows.ts';

describe('the success status that the asking dialect owes', () => {
  // Only `success` is read: a model is made of the rest by the loader.
  const messages = { success: successOf('leads.messages.create') } as RouteModel;
  const plain = { success: {} } as RouteModel;

  it('is 201 for create_message when the gateway said 200', () =>
    expect(successStatus(messages, 'direct', 'gateway', 200)).toBe(201));
  it('is 200 for a message asked in the gateway dialect when Contact2Sale said 201', () =>
    expect(successStatus(messages, 'gateway', 'direct', 201)).toBe(200));
  it('is what came when the dialect is that of the path', () => {
    expect(successStatus(messages, 'direct', 'direct', 200)).toBe(200);
    expect(successStatus(messages, 'gateway', 'gateway', 201)).toBe(201);
  });
  it('is what came on routes that owe nothing', () => expect(successStatus(plain, 'direct', 'gateway', 200)).toBe(200));
  it.each([202, 203, 204, 205, 206, 302, 304, 400, 404, 422, 500])('leaves %i alone', (status) =>
    expect(successStatus(messages, 'direct', 'gateway', status)).toBe(status),
  );
});
