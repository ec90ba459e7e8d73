using System.Buffers;
using System.Globalization;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Cors;

/// <summary>
/// An allowed origin: <c>scheme://host[:port]</c>, the same with <c>*</c> for the first label of the host, or <c>null</c>.
/// </summary>
/// <param name="Text">The origin as written.</param>
public readonly record struct CorsOrigin(string Text)
{
    private const string Separator = "://";

    private static readonly SearchValues<char> LabelChars =
        SearchValues.Create("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> HostChars =
        SearchValues.Create("-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> SchemeChars =
        SearchValues.Create("+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Reads an origin other than <c>*</c>.</summary>
    public static Parsed<CorsOrigin> Parse(string text)
    {
        if (text == "null")
            return new CorsOrigin(text);
        var separator = text.IndexOf(Separator, StringComparison.Ordinal);
        if (separator <= 0)
            return ValueForm<CorsOrigin>.Refuse("has no scheme, such as https://");
        if (!char.IsAsciiLetter(text[0]) || text.AsSpan(0, separator).ContainsAnyExcept(SchemeChars))
            return ValueForm<CorsOrigin>.Refuse("has a malformed scheme");

        var host = text.AsSpan(separator + Separator.Length);
        if (host.LastIndexOf(':') is >= 0 and var colon && !host.EndsWith("]"))
        {
            if (!ushort.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
                return ValueForm<CorsOrigin>.Refuse("has a malformed port");
            host = host[..colon];
        }

        if (host is ['[', .., ']'])
            return System.Net.IPAddress.TryParse(host, out _) ? new CorsOrigin(text) : ValueForm<CorsOrigin>.Refuse("has a malformed address");
        if (host.StartsWith("*."))
            host = host[2..];
        return host.IsEmpty || host.ContainsAnyExcept(HostChars)
            ? ValueForm<CorsOrigin>.Refuse("is not an origin; write scheme://host[:port], or scheme://*.domain[:port] for names one label below the domain")
            : new CorsOrigin(text);
    }

    /// <summary>Compares case-insensitively; a port must be written if and only if the client sends it.</summary>
    public bool Matches(ReadOnlySpan<char> origin)
    {
        var star = Text.IndexOf('*');
        if (star < 0)
            return origin.Equals(Text, StringComparison.OrdinalIgnoreCase);
        var before = Text.AsSpan(0, star);
        var after = Text.AsSpan(star + 1);
        return origin.Length > before.Length + after.Length
            && origin.StartsWith(before, StringComparison.OrdinalIgnoreCase)
            && origin.EndsWith(after, StringComparison.OrdinalIgnoreCase)
            && !origin[before.Length..^after.Length].ContainsAnyExcept(LabelChars);
    }

    public override string ToString() => Text;
}
