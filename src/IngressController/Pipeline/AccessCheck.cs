using Microsoft.Extensions.Primitives;

namespace IngressController.Pipeline;

/// <summary>The reply to a client that is denied access.</summary>
internal sealed record AccessRefusal(int Status, string Title, string Detail)
{
    /// <summary>The value of WWW-Authenticate with 401.</summary>
    public StringValues Challenge { get; init; }

    /// <summary>The value of Retry-After, in seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>
    /// True if a check could not decide. Then no further check can grant access, as in nginx, where only 401 and 403 leave the decision to
    /// the next module.
    /// </summary>
    public bool IsFailure => Status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden);
}

/// <summary>One check of access. With <c>satisfy</c> all checks of a route must pass, or any of them.</summary>
internal abstract class AccessCheck
{
    protected static readonly ValueTask<AccessRefusal?> Granted = new((AccessRefusal?)null);

    public abstract string Name { get; }

    /// <summary>The values that apply, for <c>explain</c>.</summary>
    public abstract string Describe();

    /// <summary>True if the route is subject to the check; an exempt route is neither protected by it nor granted access.</summary>
    public virtual bool AppliesTo(ProxyRoute route) => true;

    /// <summary>Returns null to grant access.</summary>
    public abstract ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request);

    /// <summary>A dry run of the check, without calls and cost. Also returns null if only a real request can be decided.</summary>
    public virtual ValueTask<AccessRefusal?> DryRunAsync(ProxyRequest request) => CheckAsync(request);

    /// <summary>The page to which a client with a 401 is redirected; null if the check has none.</summary>
    public virtual Func<ProxyRequest, string>? SignInPage => null;
}
