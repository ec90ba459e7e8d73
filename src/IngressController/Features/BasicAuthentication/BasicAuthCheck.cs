using System.Security.Claims;
using System.Security.Principal;
using IngressController.Features.BasicAuthentication.PasswordHashes;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>auth-type basic: requires a user and a password (RFC 7617).</summary>
internal sealed class BasicAuthCheck(BasicAuthPolicy policy, BasicAuthenticator authenticator) : AccessCheck
{
    private static readonly ValueTask<AccessRefusal?> Overloaded = new(
        new AccessRefusal(StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "too many passwords are being verified") { RetryAfter = 1 });

    private readonly ValueTask<AccessRefusal?> _unauthorized = new(
        new AccessRefusal(StatusCodes.Status401Unauthorized, "Unauthorized", "a user name and a password are required") { Challenge = Challenge(policy.Realm) });

    public override string Name => "basic authentication";

    public static void AddServices(IServiceCollection services) => services.AddSingleton(provider => new BasicAuthenticator(
        new BasicAuthenticationOptions(), provider.GetRequiredService<TimeProvider>(), PasswordVerifier.Verify));

    public static AccessCheck? Create(PlanContext context) =>
        context.Policy<BasicAuthPolicy>() is { } policy ? new BasicAuthCheck(policy, context.Service<BasicAuthenticator>()) : null;

    public override bool AppliesTo(ProxyRoute route) => !ExemptPaths.Contain(policy.ExemptPaths, route);

    public override string Describe() => $"401 unless a user of Secret {policy.Secret} ({policy.Users.Count}) logs in; passwords are not verified in a dry run; rules below "
        + $"{string.Join(", ", policy.ExemptPaths)} are exempt";

    public override ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request)
    {
        var context = request.Context;
        if (!BasicCredentials.TryParse(context.Request.Headers.Authorization, out var credentials))
            return _unauthorized;
        var verdict = authenticator.VerifyAsync(policy.Users, credentials, context.Connection.RemoteIpAddress, context.RequestAborted);
        return verdict.IsCompletedSuccessfully ? Apply(context, credentials, verdict.Result) : WaitAsync(context, credentials, verdict);
    }

    public override ValueTask<AccessRefusal?> DryRunAsync(ProxyRequest request) =>
        BasicCredentials.TryParse(request.Context.Request.Headers.Authorization, out _) ? Granted : _unauthorized;

    private async ValueTask<AccessRefusal?> WaitAsync(HttpContext context, BasicCredentials credentials, ValueTask<AuthenticationVerdict> verdict)
    {
        try
        {
            return await Apply(context, credentials, await verdict);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; the request must not continue.
            return await _unauthorized;
        }
    }

    private ValueTask<AccessRefusal?> Apply(HttpContext context, BasicCredentials credentials, AuthenticationVerdict verdict)
    {
        if (verdict == AuthenticationVerdict.Overloaded)
            return Overloaded;
        if (verdict != AuthenticationVerdict.Accepted)
            return _unauthorized;
        context.User = new ClaimsPrincipal(new GenericIdentity(credentials.User, "Basic"));
        return Granted;
    }

    /// <summary>The challenge, with the realm as a quoted string (RFC 9110, 5.6.4). Has no charset parameter, as in nginx.</summary>
    private static string Challenge(string realm) =>
        $"Basic realm=\"{realm.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>
/// Removes the Authorization header: the password is for the proxy, not for the backend. As in nginx, also if another check granted access.
/// </summary>
internal sealed class CredentialsRemoval(BasicAuthPolicy policy) : RequestChange
{
    public static RequestChange? Create(PlanContext context) => context.Policy<BasicAuthPolicy>() is { } policy ? new CredentialsRemoval(policy) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        if (!ExemptPaths.Contain(policy.ExemptPaths, request.Route))
            headers.Remove("Authorization");
    }
}
