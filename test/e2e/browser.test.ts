// What a person sees who opens the platform's address.
import { chromium } from 'playwright-core'
import { expect, inject, it } from 'vitest'

const platform = inject('platform')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

it('a page that says what this is, that it works, and how to push the first app', async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
  try {
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    const answer = await page.goto(platform.url)
    expect(answer?.status()).toBe(200)
    const text = await page.textContent('body')
    expect(text).toContain('paas create')
    expect(text).toContain('git push paas main')
    expect(await page.title()).not.toBe('')
    expect(faults).toEqual([])
  } finally {
    await browser.close()
  }
})
