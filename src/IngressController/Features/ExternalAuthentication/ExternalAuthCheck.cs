using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>auth-url and global-auth-url: grants access if an authentication service allows the request.</summary>
internal sealed class ExternalAuthCheck : AccessCheck
{
    private static readonly ValueTask<AccessRefusal?> Forbidden = new(new AccessRefusal(
        StatusCodes.Status403Forbidden, "Forbidden", "the authentication service denied the request"));

    private static readonly ValueTask<AccessRefusal?> Failure = new(new AccessRefusal(
        StatusCodes.Status500InternalServerError, "Internal Server Error", "the authentication service failed or did not decide"));

    private static readonly ValueTask<AccessRefusal?> Loop = new(new AccessRefusal(
        StatusCodes.Status508LoopDetected, "Loop Detected", "the request came back to the proxy that forwarded it"));

    private readonly ExternalAuthPolicy _policy;
    private readonly ExternalAuthRequest _request;
    private readonly ExternalAuthScope _scope;
    private readonly ExternalAuthenticator _authenticator;

    private ExternalAuthCheck(ExternalAuthPolicy policy, PlanContext context)
    {
        _policy = policy;
        _request = new ExternalAuthRequest(policy);
        _scope = new ExternalAuthScope(policy);
        SignInPage = policy.SignIn is { } page ? new SignInPage(page).Location : null;
        _authenticator = context.Service<ExternalAuthenticator>();
    }

    public override string Name => "external authentication";

    public override Func<ProxyRequest, string>? SignInPage { get; }

    public static void AddServices(IServiceCollection services) => services.AddSingleton<ExternalAuthenticator>();

    public static AccessCheck? Create(PlanContext context) =>
        context.Policy<ExternalAuthPolicy>() is { } policy ? new ExternalAuthCheck(policy, context) : null;

    public override bool AppliesTo(ProxyRoute route) => !ExemptPaths.Contain(_policy.ExemptPaths, route);

    public override string Describe() =>
        $"{_policy.Method ?? "GET"} {_policy.Url} decides: 2xx allows, 401 {(_policy.SignIn is null ? "and" : $"redirects to {_policy.SignIn},")} 403 {(_policy.SignIn is null ? "deny" : "denies")}, anything else is 500; it is not "
        + $"called in a dry run; rules below {string.Join(", ", _policy.ExemptPaths)} are exempt";

    public override ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request)
    {
        if (LoopGuard.IsLoop(request.Context.Request.Headers))
            return Loop;
        if (_policy.CacheKey is null)
            return CallServiceAsync(null, request);
        var value = TemplateValues.Expand(_policy.CacheKey, request);
        // Each name below a wildcard host can have its own service, whose results are not valid for other names.
        if (!_policy.Url.Host.IsLiteral)
            value = $"{TemplateValues.Expand(_policy.Url.Host, request)}\n{value}";
        var key = ExternalAuthCacheKey.Of(_scope, request.Route.Host, request.Route.Definition, value);
        return _authenticator.Cache.Find(key) is { } cached ? Apply(cached, request.Context) : CallServiceAsync(key, request);
    }

    public override ValueTask<AccessRefusal?> DryRunAsync(ProxyRequest request) => Granted;

    private async ValueTask<AccessRefusal?> CallServiceAsync(ExternalAuthCacheKey? key, ProxyRequest request) =>
        await Apply(await _authenticator.AuthenticateAsync(_request, _policy, key, request), request.Context);

    private static ValueTask<AccessRefusal?> Apply(ExternalAuthResult? result, HttpContext context)
    {
        if (result is null)
            return Failure;
        // For later changes: headers for the backend, cookies for the client.
        context.Features.Set(result);
        return result.Status switch
        {
            StatusCodes.Status401Unauthorized => new(new AccessRefusal(result.Status, "Unauthorized", "the authentication service requires authentication")
            {
                Challenge = result.Challenges,
            }),
            StatusCodes.Status403Forbidden => Forbidden,
            _ => result.IsGranted ? Granted : Failure,
        };
    }
}
