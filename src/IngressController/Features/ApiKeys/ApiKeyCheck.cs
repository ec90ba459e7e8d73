using System.Security.Claims;
using System.Security.Principal;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.ApiKeys;

namespace IngressController.Features.ApiKeys;

/// <summary>Finds the client of the API key, before limits that count by client. It denies nothing.</summary>
internal sealed class ApiClientStep(ApiKeyPolicy policy) : RequestStep
{
    public override string Name => "API client";

    public static RequestStep? Create(PlanContext context) => context.Policy<ApiKeyPolicy>() is { } policy ? new ApiClientStep(policy) : null;

    public override string Describe(Revision revision) => $"the client of the key in {policy.Header}, among those of Secret {policy.Secret} ({policy.Keys.Count})";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        // Of two keys it is not known which one the client means.
        if (request.Context.Request.Headers.TryGetValue(policy.Header, out var values) && values is [{ } key])
            request.ApiClient = policy.Keys.Find(key);
        return ValueTask.FromResult(true);
    }
}

/// <summary>api-key-secret: grants access to clients with one of the keys.</summary>
internal sealed class ApiKeyCheck : AccessCheck
{
    private readonly ApiKeyPolicy _policy;
    private readonly Dictionary<string, ClaimsPrincipal> _users;
    private readonly ValueTask<AccessRefusal?> _missing;
    private readonly ValueTask<AccessRefusal?> _unknown;

    private ApiKeyCheck(ApiKeyPolicy policy)
    {
        _policy = policy;
        _users = policy.Keys.Clients.ToDictionary(client => client, client => new ClaimsPrincipal(new GenericIdentity(client, "ApiKey")), StringComparer.Ordinal);
        _missing = new(Refusal($"an API key is required in the header {policy.Header}"));
        _unknown = new(Refusal($"the API key in the header {policy.Header} is not known"));
    }

    public override string Name => "API key";

    public static AccessCheck? Create(PlanContext context) => context.Policy<ApiKeyPolicy>() is { } policy ? new ApiKeyCheck(policy) : null;

    public override string Describe() => $"401 unless {_policy.Header} holds a key of Secret {_policy.Secret} ({_policy.Keys.Count})";

    public override ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request)
    {
        if (request.ApiClient is not { } client)
            return request.Context.Request.Headers.ContainsKey(_policy.Header) ? _unknown : _missing;
        request.Context.User = _users[client];
        return Granted;
    }

    // A 401 has a challenge (RFC 9110, 15.5.2).
    private AccessRefusal Refusal(string detail) =>
        new(StatusCodes.Status401Unauthorized, "Unauthorized", detail) { Challenge = $"ApiKey header=\"{_policy.Header}\"" };
}

/// <summary>Tells the backend the client in place of the key, which is for the proxy. As for passwords, also if another check granted access.</summary>
internal sealed class ApiKeyHeaders(ApiKeyPolicy policy) : RequestChange
{
    private readonly HeaderNameSet _removed = new([policy.Header, ApiKeysFeature.ClientHeader]);

    public static RequestChange? Create(PlanContext context) => context.Policy<ApiKeyPolicy>() is { } policy ? new ApiKeyHeaders(policy) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        headers.RemoveAll(_removed);
        if (request.ApiClient is { } client)
            headers.Add(ApiKeysFeature.ClientHeader, client);
    }
}
