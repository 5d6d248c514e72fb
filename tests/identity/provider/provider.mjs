// The certified provider, driven by its test: each line of the input is a command as JSON, each is answered by one line.
// {"keys": [JWK]} sign with these from now on · {"clock": seconds} say that it is so much later or earlier
import http from 'node:http'
import { createInterface } from 'node:readline'
import Provider from 'oidc-provider'

console.info = console.error // what the provider remarks is no answer
const { clients, keys } = JSON.parse(process.argv[2])
const now = Date.now
let provider

function started(issuer, jwks) {
  const made = new Provider(issuer, {
    clients,
    jwks: { keys: jwks },
    cookies: { keys: ['a key for cookies that nobody keeps'] },
    claims: { openid: ['sub'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          audience: resource,
          scope: 'call',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  made.use((ctx, next) => (ctx.path.startsWith('/interaction/') ? letIn(made, ctx) : next()))
  return made
}

// Whoever is named in login_hint has a password in some other story.
async function letIn(made, ctx) {
  const { prompt, params, session, grantId } = await made.interactionDetails(ctx.req, ctx.res)
  if (prompt.name === 'login') {
    return made.interactionFinished(ctx.req, ctx.res, { login: { accountId: params.login_hint } })
  }
  const grant = grantId ? await made.Grant.find(grantId) : new made.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope('openid')
  grant.addResourceScope(params.resource, 'call')
  return made.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } })
}

const server = http.createServer((request, response) => provider.callback()(request, response))
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  provider = started(issuer, keys)
  console.log(JSON.stringify({ issuer }))
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { keys: renewed, clock } = JSON.parse(line)
    if (renewed) provider = started(issuer, renewed)
    if (clock !== undefined) Date.now = () => now() + clock * 1000
    console.log('{}')
  }).on('close', () => process.exit())
})
