// The certified client gets a token for a client with a key of its own: discovery (RFC 8414), private_key_jwt, client credentials.
import * as client from 'openid-client'

const { issuer, address, id, jwk } = JSON.parse(process.argv[2])
const { kid, alg } = jwk
const imported = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
// The server calls itself by a name that no address stands for here.
const reached = (url, options) => fetch(String(url).replace(issuer, address), options)

const server = await client.discovery(new URL(issuer), id, { token_endpoint_auth_method: 'private_key_jwt' },
  client.PrivateKeyJwt({ key: imported, kid, alg }),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests], [client.customFetch]: reached })
const told = await client.clientCredentialsGrant(server)
console.log(JSON.stringify({ access_token: told.access_token, expires_in: told.expires_in }))
