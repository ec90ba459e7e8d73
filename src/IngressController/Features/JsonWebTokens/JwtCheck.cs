using System.Security.Claims;
using System.Security.Principal;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IngressController.Features.JsonWebTokens;

/// <summary>jwt-issuer: requires a valid JSON Web Token (RFC 6750, 7519, 8725).</summary>
internal sealed class JwtCheck : AccessCheck
{
    private const string Scheme = "Bearer ";

    private static readonly ValueTask<AccessRefusal?> NoToken = new(Unauthorized("a bearer token is required") with { Challenge = "Bearer" });

    private static readonly ValueTask<AccessRefusal?> NoKeys = new(new AccessRefusal(
        StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "the keys of the token issuer are not available")
    { RetryAfter = 5 });

    private readonly JwtPolicy _policy;
    private readonly JwtKeySet _keys;
    private readonly JwtValidator _validator;
    private readonly bool _usesClaims;

    private JwtCheck(JwtPolicy policy, PlanContext context)
    {
        _policy = policy;
        _keys = context.Service<JwtKeySets>().Get(policy.Keys);
        _validator = new JwtValidator(policy, _keys, context.Service<TimeProvider>());
        _usesClaims = policy.Requirements.Count > 0 || policy.ClaimHeaders.Count > 0;
    }

    public override string Name => "JSON Web Token";

    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<JwtKeyClient>();
        services.AddSingleton<JwtKeySets>();
        services.AddHostedService(provider => provider.GetRequiredService<JwtKeySets>());
    }

    public static AccessCheck? Create(PlanContext context) => context.Policy<JwtPolicy>() is { } policy ? new JwtCheck(policy, context) : null;

    public override bool AppliesTo(ProxyRoute route) => !ExemptPaths.Contain(_policy.ExemptPaths, route);

    public override string Describe() =>
        $"401 unless {_policy.Header} has a token of {_policy.Issuer} for {(_policy.Audiences.Count == 0 ? "any audience" : string.Join(" or ", _policy.Audiences))}"
        + $"{string.Concat(_policy.Requirements.Select(claim => $"; 403 unless it has {claim.Claim}{(claim.Values.Count == 0 ? "" : $" {string.Join(" or ", claim.Values)}")}"))}"
        + $"; the keys are {(_keys.HasKeys ? "known" : $"not known{(_keys.Problem is { } problem ? $" ({problem})" : " yet")}, so the response is 503")}; tokens are not verified in a dry run; rules below "
        + $"{string.Join(", ", _policy.ExemptPaths)} are exempt";

    public override ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request)
    {
        if (!TryReadToken(request.Context.Request.Headers, out var token))
            return NoToken;
        if (!_keys.HasKeys)
            return NoKeys;
        var validation = _validator.ValidateAsync(token);
        return validation.IsCompletedSuccessfully ? Apply(request, validation.Result) : WaitAsync(request, validation);
    }

    public override ValueTask<AccessRefusal?> DryRunAsync(ProxyRequest request) =>
        TryReadToken(request.Context.Request.Headers, out _) ? Granted : NoToken;

    private async ValueTask<AccessRefusal?> WaitAsync(ProxyRequest request, ValueTask<(JsonWebToken? Token, string Problem)> validation) =>
        await Apply(request, await validation);

    private ValueTask<AccessRefusal?> Apply(ProxyRequest request, (JsonWebToken? Token, string Problem) validation)
    {
        if (validation.Token is not { } token)
            return new(Unauthorized(validation.Problem) with { Challenge = $"Bearer error=\"invalid_token\", error_description=\"{validation.Problem}\"" });
        var context = request.Context;
        if (_usesClaims)
        {
            using var claims = JwtClaims.Of(token);
            if (JwtClaims.FindMissing(_policy, claims.RootElement) is not null)
                return new(Forbidden);
            context.Features.Set(new JwtHeaders(JwtClaims.Headers(_policy, claims.RootElement)));
        }

        context.User = new ClaimsPrincipal(new GenericIdentity(token.Subject ?? "", "Bearer"));
        return Granted;
    }

    private static AccessRefusal Unauthorized(string detail) => new(StatusCodes.Status401Unauthorized, "Unauthorized", detail);

    private static AccessRefusal Forbidden => new(StatusCodes.Status403Forbidden, "Forbidden", "the token does not have a claim that is required")
    {
        Challenge = "Bearer error=\"insufficient_scope\"",
    };

    private bool TryReadToken(IHeaderDictionary headers, out string token)
    {
        var values = headers[_policy.Header];
        token = values.Count == 1 ? values.ToString().Trim() : "";
        if (token.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            token = token[Scheme.Length..].Trim();
        else if (_policy.Header.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
            token = "";
        return token.Length > 0;
    }
}

/// <summary>The headers that the claims of a token become.</summary>
internal sealed record JwtHeaders((string Name, string Value)[] All);

/// <summary>jwt-claims-to-headers: sets the headers for the backend, and removes headers of these names that the client sent.</summary>
internal sealed class JwtHeadersChange(HeaderNameSet names) : RequestChange
{
    // On exempt paths too: there the client's headers are removed and none are set.
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<JwtPolicy>() is { ClaimHeaders: { Count: > 0 } claims } ? new JwtHeadersChange(new HeaderNameSet(claims.Select(claim => claim.Header))) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        headers.RemoveAll(names);
        foreach (var (name, value) in request.Context.Features.Get<JwtHeaders>()?.All ?? [])
            headers.Add(name, value);
    }
}
