using System.Globalization;

namespace IngressController.Http;

/// <summary>The parts of a Host header.</summary>
internal static class HostHeader
{
    /// <summary>The name without port and trailing dot. An IPv6 literal is unchanged: it matches only rules without a host.</summary>
    public static ReadOnlySpan<char> NameOf(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        if (colon >= 0 && host[^1] != ']')
            host = host[..colon];
        return host.Length > 1 && host[^1] == '.' ? host[..^1] : host;
    }

    /// <summary>The port of the Host header, or the default of the scheme. The port that the proxy listens on is irrelevant.</summary>
    public static string PortOf(string host, bool isHttps)
    {
        var colon = host.LastIndexOf(':');
        return colon > 0 && host[^1] != ']' && ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? host[(colon + 1)..]
            : isHttps ? "443" : "80";
    }
}
