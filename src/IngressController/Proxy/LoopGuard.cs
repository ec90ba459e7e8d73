using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace IngressController.Proxy;

/// <summary>
/// Ends requests that come back: an endpoint can lead to this proxy again, by mistake or on purpose, and each round costs
/// connections. CDN-Loop (RFC 8586) is the header that nobody on the way may take away. Who forges it only stops their own request.
/// </summary>
internal sealed class LoopGuard
{
    public const string Header = "CDN-Loop";

    /// <summary>
    /// Further than that no request has reason to go. Our own id ends a loop through this process; this ends one through replicas,
    /// each of which would see its id only when its turn comes again.
    /// </summary>
    private const int MaxProxies = 10;

    private const string Product = "yarp-ingress;id=";

    /// <summary>What is added to each request: the product and a random id of this process.</summary>
    public string Mark { get; } = Product + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Whether a request has been here before, or through too many proxies of this kind.</summary>
    public bool IsLoop(IHeaderDictionary headers) => headers.TryGetValue(Header, out var values) && IsLoop(values);

    private bool IsLoop(StringValues values)
    {
        var proxies = 0;
        foreach (var value in values)
        {
            if (value is null)
                continue;
            if (value.Contains(Mark, StringComparison.Ordinal))
                return true;
            proxies += value.AsSpan().Count(Product);
        }

        return proxies > MaxProxies;
    }
}
