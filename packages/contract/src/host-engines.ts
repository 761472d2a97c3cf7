// Engines of other hosts, as one file: the scheduler writes it from rows, and
// who follows engines without a database reads it, also while all else is down.
// It holds keys: mode 0600.
import { z } from 'zod'

export const HostEngines = z.array(
  z.object({
    id: z.string(),
    /** `tcp://192.0.2.7:2376` */
    dockerHost: z.string(),
    tls: z.object({ ca: z.string(), cert: z.string(), key: z.string() }).optional(),
  }),
)
export type HostEngines = z.infer<typeof HostEngines>
