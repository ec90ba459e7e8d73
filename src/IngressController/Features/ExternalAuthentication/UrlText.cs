using System.Buffers;
using System.Text;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>Escapes URLs that contain values of requests.</summary>
internal static class UrlText
{
    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    /// <summary>
    /// Percent-encodes characters that would end a request line or a header, and those outside ASCII. Headers are decoded as Latin-1, so
    /// each such character is one received byte.
    /// </summary>
    /// <param name="url">The URL or its target.</param>
    /// <param name="keepsFragment">True to keep # unescaped; a request target has no fragment.</param>
    public static string Escape(string url, bool keepsFragment)
    {
        if (!url.AsSpan().ContainsAnyExcept(Visible) && (keepsFragment || !url.Contains('#', StringComparison.Ordinal)))
            return url;
        var escaped = new StringBuilder(url.Length + 16);
        foreach (var c in url)
        {
            if (Visible.Contains(c) && (c != '#' || keepsFragment))
                escaped.Append(c);
            else
                escaped.Append(c <= '\xFF' ? $"%{(int)c:X2}" : Uri.EscapeDataString(c.ToString()));
        }

        return escaped.ToString();
    }
}
