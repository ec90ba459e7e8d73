using System.Buffers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Http;

/// <summary>
/// The protocols that a client offers by <c>Upgrade</c> (RFC 9110, 7.8). Any one passes, except those in which HTTP requests follow that
/// the proxy does not see: they would reach the backend past all policies (h2c smuggling).
/// </summary>
internal static class UpgradeProtocols
{
    public const string WebSocket = "websocket";

    private static readonly SearchValues<char> TokenChars =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Also their drafts, such as h2c-14 and HTTP-draft-04.</summary>
    private static readonly string[] CarriersOfHttp = ["h2c", "h2", "h3", "HTTP", "TLS"];

    /// <summary>The protocols that are passed on, as one list; null if there is none or the request cannot be upgraded.</summary>
    public static string? Offered(HttpRequest request)
    {
        var upgrade = request.Headers.Upgrade;
        // HTTP/1.0 ignores the header. The response to HEAD ends with its head, so nothing could follow.
        if (upgrade.Count == 0 || !HttpProtocol.IsHttp11(request.Protocol) || HttpMethods.IsHead(request.Method)
            || !Contains(request.Headers.Connection, HeaderNames.Upgrade))
            return null;
        if (upgrade.Count == 1 && IsPassed(upgrade[0]))
            return upgrade[0];
        var offered = string.Join(", ", Split(upgrade).Where(IsPassed));
        return offered.Length == 0 ? null : offered;
    }

    /// <summary>True if a list contains an element, in any case of letters.</summary>
    public static bool Contains(StringValues list, string element) => Split(list).Contains(element, StringComparer.OrdinalIgnoreCase);

    /// <summary>The elements of a list.</summary>
    public static IEnumerable<string> Split(StringValues list) =>
        list.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static bool IsPassed(string? protocol)
    {
        var slash = protocol.AsSpan().IndexOf('/');
        var name = slash < 0 ? protocol : protocol.AsSpan(0, slash);
        return IsToken(name) && (slash < 0 || IsToken(protocol.AsSpan(slash + 1))) && !CarriesHttp(name);
    }

    private static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenChars);

    private static bool CarriesHttp(ReadOnlySpan<char> name)
    {
        foreach (var carrier in CarriersOfHttp)
        {
            if (name.StartsWith(carrier, StringComparison.OrdinalIgnoreCase) && (name.Length == carrier.Length || name[carrier.Length] == '-'))
                return true;
        }

        return false;
    }
}
