using System.Buffers;
using System.Text;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>URLs into which values of requests were put.</summary>
internal static class UrlText
{
    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    /// <summary>
    /// The URL with everything percent-encoded that would end a request line or a header early, or be no ASCII. Headers are read as
    /// Latin-1, so each such character is the byte that was sent.
    /// </summary>
    /// <param name="url">The URL or its target.</param>
    /// <param name="keepsFragment">Whether # stays what it is; a request has no fragment.</param>
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
