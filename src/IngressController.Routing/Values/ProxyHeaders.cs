using System.Collections.Frozen;

namespace IngressController.Routing.Values;

/// <summary>
/// The request headers by which the proxy tells a backend where a request comes from, with the names that backends read in their place. No
/// Ingress sets them. Other names of the family, such as X-Forwarded-User, are free: authentication services set them.
/// </summary>
public static class ProxyHeaders
{
    private static readonly FrozenSet<string> Names = new[]
    {
        "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-Forwarded-Scheme",
        "X-Original-Forwarded-For", "X-Original-Forwarded-Host", "X-Original-Forwarded-Port", "X-Original-Forwarded-Proto", "X-Real-IP", "X-Request-ID",
        "X-Scheme",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>True if a header is one of them. CGI and its successors read underscores and hyphens alike, so they are compared alike.</summary>
    public static bool Contains(string name) => Names.Contains(name.Contains('_') ? name.Replace('_', '-') : name);
}
