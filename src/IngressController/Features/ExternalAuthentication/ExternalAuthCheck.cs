using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Table;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>Asks an authentication service (auth-url, or global-auth-url).</summary>
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
            return AskAsync(null, request);
        var value = TemplateValues.Expand(_policy.CacheKey, request);
        // Below a wildcard host there may be a service for each name: what one of them says is not the other's word.
        if (!_policy.Url.Host.IsLiteral)
            value = $"{TemplateValues.Expand(_policy.Url.Host, request)}\n{value}";
        var key = ExternalAuthCacheKey.Of(_scope, request.Route.Host, request.Route.Definition, value);
        return _authenticator.Answers.Find(key) is { } kept ? Judge(kept, request.Context) : AskAsync(key, request);
    }

    public override ValueTask<AccessRefusal?> DryRunAsync(ProxyRequest request) => Granted;

    private async ValueTask<AccessRefusal?> AskAsync(ExternalAuthCacheKey? key, ProxyRequest request) =>
        await Judge(await _authenticator.AskAsync(_request, _policy, key, request), request.Context);

    private static ValueTask<AccessRefusal?> Judge(ExternalAuthAnswer? answer, HttpContext context)
    {
        if (answer is null)
            return Failure;
        // What follows from it: headers for the backend, cookies for the client.
        context.Features.Set(answer);
        return answer.Status switch
        {
            StatusCodes.Status401Unauthorized => new(new AccessRefusal(answer.Status, "Unauthorized", "the authentication service requires authentication")
            {
                Challenge = answer.Challenges,
            }),
            StatusCodes.Status403Forbidden => Forbidden,
            _ => answer.IsGranted ? Granted : Failure,
        };
    }
}
