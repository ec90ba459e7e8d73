using System.Globalization;
using System.Text;

namespace IngressController.Pipeline;

/// <summary>Expands the locations of redirects, so that no value of a request can change the host or end the header.</summary>
internal static class RedirectLocation
{
    /// <summary>
    /// Groups of the path are percent-encoded for the place where they stand. Leading slashes are merged: browsers read two, or a slash and
    /// a backslash, as the start of another host.
    /// </summary>
    public static string Expand(ValueTemplate template, ProxyRequest request)
    {
        if (template.IsLiteral)
            return template.LiteralText;
        var text = new StringBuilder();
        foreach (var part in template.Parts)
            text.Append(part.Variable == TemplateVariable.Capture ? Encode(TemplateValues.Of(part, request), text) : Of(part, request));
        var location = text.ToString();
        if (location.StartsWith("//", StringComparison.Ordinal) || location.StartsWith("/\\", StringComparison.Ordinal))
            location = $"/{location.TrimStart('/', '\\')}";
        return Escape(location, c => c is >= ' ' and < '\x7F');
    }

    /// <summary>The value of a piece. Host and port are those that the client asked for, also behind a trusted proxy.</summary>
    public static string Of(TemplatePart part, ProxyRequest request) => part.Variable switch
    {
        TemplateVariable.Host => TemplateValues.HostName(request.PublicHost),
        TemplateVariable.HttpHost => request.PublicHost,
        TemplateVariable.ServerPort => request.PublicPort,
        _ => TemplateValues.Of(part, request),
    };

    /// <summary>The decoded text of a group: one char per byte.</summary>
    private static string Encode(string group, StringBuilder before)
    {
        var text = before.ToString();
        var authority = text.IndexOf("://", StringComparison.Ordinal);
        var isPath = !text.Contains('?') && (authority < 0 || text.IndexOf('/', authority + 3) >= 0);
        return isPath ? RequestPath.Encode(group) : Escape(group, c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~');
    }

    private static string Escape(string text, Func<char, bool> isPlain)
    {
        if (text.All(isPlain))
            return text;
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (isPlain(c))
                escaped.Append(c);
            else if (c <= '\xFF')
                escaped.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
            else
                escaped.Append(Uri.EscapeDataString(c.ToString()));
        }

        return escaped.ToString();
    }
}
