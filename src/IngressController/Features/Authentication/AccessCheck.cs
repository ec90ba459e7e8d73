using IngressController.Proxy;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Authentication;

/// <summary>Why a request is not let in, as the client is told.</summary>
internal sealed record AccessRefusal(int Status, string Title, string Detail)
{
    /// <summary>What the client may do about 401 (WWW-Authenticate).</summary>
    public StringValues Challenge { get; init; }

    /// <summary>When it may try again, in seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>
    /// Whether something failed that could not be asked, and not only said no: then nothing else lets the request in, as in nginx, where
    /// only 401 and 403 leave the decision to the next module.
    /// </summary>
    public bool IsFailure => Status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden);
}

/// <summary>One way to be let in. <c>satisfy</c> says whether all of a route have to be passed, or one.</summary>
internal abstract class AccessCheck
{
    protected static readonly ValueTask<AccessRefusal?> Granted = new((AccessRefusal?)null);

    public abstract string Name { get; }

    /// <summary>The values in force, for <c>explain</c>.</summary>
    public abstract string Describe();

    /// <summary>Whether a route has it at all; one that is exempt is neither protected by it nor let in.</summary>
    public virtual bool AppliesTo(ProxyRoute route) => true;

    /// <summary>Null lets the request in.</summary>
    public abstract ValueTask<AccessRefusal?> CheckAsync(HttpContext context, ProxyRoute route);

    /// <summary>The same without asking anybody and at no cost; null as well when only that could tell.</summary>
    public virtual ValueTask<AccessRefusal?> RehearseAsync(HttpContext context, ProxyRoute route) => CheckAsync(context, route);
}
