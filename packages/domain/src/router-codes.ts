// What the router says when it cannot pass on an answer: Heroku's H codes with
// their texts (devcenter.heroku.com/articles/error-codes), since people search for them.

export interface RouterFault {
  status: number
  desc: string
}

export const ROUTER_CODES = {
  H10: { status: 503, desc: 'App crashed' },
  H11: { status: 503, desc: 'Backlog too deep' },
  H12: { status: 503, desc: 'Request timeout' },
  H13: { status: 503, desc: 'Connection closed without response' },
  H14: { status: 503, desc: 'No web processes running' },
  H15: { status: 503, desc: 'Idle connection' },
  H17: { status: 502, desc: 'Poorly formatted HTTP response' },
  H18: { status: 503, desc: 'Server Request Interrupted' },
  H19: { status: 503, desc: 'Backend connection timeout' },
  H20: { status: 503, desc: 'App boot timeout' },
  H21: { status: 503, desc: 'Backend connection refused' },
  H22: { status: 503, desc: 'Connection limit reached' },
  H25: { status: 502, desc: 'HTTP Restriction' },
  H26: { status: 400, desc: 'Request Error' },
  H27: { status: 499, desc: 'Client Request Interrupted' },
  H28: { status: 499, desc: 'Client Connection Idle' },
  H34: { status: 503, desc: 'All dynos quarantined' },
  H80: { status: 503, desc: 'Maintenance mode' },
  H81: { status: 503, desc: 'Blank app' },
  H99: { status: 503, desc: 'Platform error' },
} as const satisfies Record<string, RouterFault>

export type RouterCode = keyof typeof ROUTER_CODES
