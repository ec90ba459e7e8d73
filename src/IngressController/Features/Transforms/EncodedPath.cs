using System.Buffers;
using System.Globalization;
using System.Text;
using IngressController.Routing.Values;

namespace IngressController.Features.Transforms;

/// <summary>
/// YARP's transforms work on decoded paths and encode the result, by which an encoded slash is encoded a second time. Here they are given
/// paths that are encoded already, in one spelling, so nothing has to be encoded afterwards and a prefix is found however it was written.
/// </summary>
internal static class EncodedPath
{
    /// <summary>What a path may hold as it is (RFC 3986, 3.3).</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");

    /// <summary>The one spelling of a path of a request: what need not be encoded is not, but a slash that was encoded stays so.</summary>
    /// <param name="path">A path whose escapes are well formed.</param>
    public static string OfRequest(ReadOnlySpan<char> path)
    {
        if (!path.ContainsAnyExcept(Plain))
            return path.ToString();
        var text = new StringBuilder(path.Length + 8);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                Append(text, path[i]);
                continue;
            }

            var octet = (char)byte.Parse(path.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            i += 2;
            if (octet == '/')
                text.Append("%2F");
            else
                Append(text, octet);
        }

        return text.ToString();
    }

    /// <summary>A path that somebody wrote in a manifest, as it means itself: a percent sign is one.</summary>
    public static string OfText(string path)
    {
        var text = new StringBuilder(path.Length + 8);
        foreach (var octet in Encoding.UTF8.GetBytes(path))
            Append(text, (char)octet);
        return text.ToString();
    }

    /// <summary>What a transform made of an encoded path and constant texts: the texts' characters are encoded, escapes stay.</summary>
    public static string OfResult(string path)
    {
        if (!path.AsSpan().ContainsAnyExcept(Plain))
            return path;
        var text = new StringBuilder(path.Length + 8);
        var octets = Encoding.UTF8.GetBytes(path);
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] == '%' && i + 2 < octets.Length && char.IsAsciiHexDigit((char)octets[i + 1]) && char.IsAsciiHexDigit((char)octets[i + 2]))
                text.Append('%');
            else
                Append(text, (char)octets[i]);
        }

        return text.ToString();
    }

    /// <summary>What follows the prefix of a route in the path of a request; empty for exact paths.</summary>
    public static string Remainder(ReadOnlySpan<char> path, PathMatch match)
    {
        var normalized = RequestPath.Normalize(path).Match;
        return match.Type == PathMatchType.Exact || normalized.Length < match.Value.Length
            ? ""
            : OfText(normalized[match.Value.Length..].TrimStart('/'));

        static string OfText(ReadOnlySpan<char> octets)
        {
            var text = new StringBuilder(octets.Length + 8);
            foreach (var octet in octets)
                Append(text, octet);
            return text.ToString();
        }
    }

    private static void Append(StringBuilder text, char octet)
    {
        if (Plain.Contains(octet))
            text.Append(octet);
        else
            text.Append(CultureInfo.InvariantCulture, $"%{(int)octet:X2}");
    }
}
