using Microsoft.Extensions.Primitives;

namespace IngressController.Http;

/// <summary>Cookies as received. ASP.NET Core's collection decodes escapes, including line breaks, and allocates.</summary>
internal static class RequestCookies
{
    /// <summary>The value of the first cookie with a name; empty if there is none. Names are case-sensitive (RFC 6265, 5.3).</summary>
    /// <param name="lines">The Cookie headers.</param>
    /// <param name="name">The name.</param>
    public static ReadOnlySpan<char> Find(StringValues lines, string name)
    {
        foreach (var line in lines)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan()[range].Trim();
                if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                    return pair[(name.Length + 1)..];
            }
        }

        return default;
    }
}
