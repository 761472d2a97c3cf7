import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { publicUrl, readConfig, settingNames } from './config.ts'

const example = parseEnv(readFileSync(path.join(import.meta.dirname, '../../../.env.example'), 'utf8')) as Record<string, string>

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({}).httpPort).toBe(80)
  })

  it('is documented by .env.example: every setting, and with its default', () => {
    expect(Object.keys(example).toSorted()).toEqual(settingNames.toSorted())
    expect(readConfig(example)).toEqual(readConfig({}))
  })

  it('reports all faults together', () => {
    const wrong = { PAAS_DOMAIN: 'Not A Host', PAAS_HTTP_PORT: '99999', PAAS_DATA_DIR: 'relative', PAAS_HTP_PORT: '80' }
    expect(() => readConfig(wrong)).toThrowError(
      expect.objectContaining({
        code: 'settings_invalid',
        message: expect.stringMatching(
          /PAAS_DOMAIN is not.*PAAS_HTTP_PORT.*PAAS_DATA_DIR is not.*PAAS_HTP_PORT is not a setting/s,
        ),
      }),
    )
  })

  it('refuses one port for two purposes', () => {
    expect(() => readConfig({ PAAS_HTTP_PORT: '443' })).toThrowError(/must differ/)
  })

  it('refuses ranges that overlap', () => {
    expect(() => readConfig({ PAAS_APP_SUBNET: '10.130.0.0/16' })).toThrowError(/PAAS_APP_SUBNET and PAAS_HOST_SUBNETS overlap/)
  })

  it('reads units', () => {
    const settings = readConfig({ PAAS_STOP_GRACE_SECONDS: '2', PAAS_SOURCE_MAX_MIB: '1' })
    expect(settings).toMatchObject({ stopGraceMs: 2000, sourceMaxBytes: 1_048_576 })
  })
})

it.each([
  { httpPort: 80, url: 'http://localhost' },
  { httpPort: 8080, url: 'http://localhost:8080' },
])('names port $httpPort only when it is unusual', ({ httpPort, url }) => {
  expect(publicUrl({ domain: 'localhost', httpPort })).toBe(url)
})
