import { Router, json } from 'express';
import { faultSchema } from './fault-spec.ts';
import type { Faults } from './faults.ts';
import { rateLimitSchema } from './rate-limit.ts';
import type { RateLimit } from './rate-limit.ts';
import type { ReceivedLog } from './received.ts';
import { Refusal, valid } from './refusal.ts';

/**
 * The switches of a stand-in over HTTP, under `/__sandbox`, for whoever is in another process: faults, received
 * requests, rate limit. It asks for no credentials: a stand-in listens on loopback only and holds invented data.
 */
export function createControl(faults: Faults, received: ReceivedLog, rateLimit: RateLimit): Router {
  const control = Router();
  control.use(json());

  control.get('/faults', (_req, res) => void res.json(faults.list()));
  control.post('/faults', (req, res) => void res.status(201).json(faults.add(valid(faultSchema, req.body))));
  control.delete('/faults', (_req, res) => {
    faults.clear();
    res.status(204).end();
  });
  control.delete('/faults/:id', (req, res) => {
    if (!faults.remove(Number(req.params.id))) throw new Refusal(404, 'no such fault');
    res.status(204).end();
  });

  control.get('/received', (_req, res) => void res.json(received.entries));
  control.delete('/received', (_req, res) => {
    received.clear();
    res.status(204).end();
  });

  control.post('/rate-limit', (req, res) => {
    const settings = valid(rateLimitSchema, req.body);
    rateLimit.set(settings);
    res.json(settings);
  });
  control.delete('/rate-limit', (_req, res) => {
    rateLimit.set(undefined);
    res.status(204).end();
  });

  control.use(() => {
    throw new Refusal(404, 'no such switch');
  });
  return control;
}
