// The accounts, and their login: the account of `login_hint` is logged in and consents immediately, so a login needs no
// browser. An unknown account name denies.

export const ACCOUNTS = {
  ada: { name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true },
  grace: { name: 'Grace Hopper', email: 'grace@example.com', email_verified: false },
};

// The account of logins without `login_hint`.
export const DEFAULT_ACCOUNT = 'ada';

export async function findAccount(_ctx, id) {
  const claims = ACCOUNTS[id];
  return claims && { accountId: id, claims: async () => ({ sub: id, ...claims }) };
}

// Completes the interaction to which the provider redirects a user who has to log in or consent.
export async function interact(provider, request, response) {
  try {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    const account = params.login_hint ?? DEFAULT_ACCOUNT;
    if (!(account in ACCOUNTS)) {
      const refusal = { error: 'access_denied', error_description: `${account} refused` };
      await provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
    } else if (prompt.name === 'login') {
      await provider.interactionFinished(request, response, { login: { accountId: account } });
    } else {
      const consent = { grantId: await agree(provider, grantId, session.accountId, params.client_id, prompt.details) };
      await provider.interactionFinished(request, response, { consent });
    }
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(`${error}\n`);
  }
}

async function agree(provider, grantId, accountId, clientId, details) {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId, clientId });
  grant.addOIDCScope((details.missingOIDCScope ?? []).join(' '));
  grant.addOIDCClaims(details.missingOIDCClaims ?? []);
  for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return grant.save();
}
