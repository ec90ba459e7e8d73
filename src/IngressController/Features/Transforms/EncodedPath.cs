using System.Buffers;
using System.Globalization;
using System.Text;

namespace IngressController.Features.Transforms;

/// <summary>
/// Encodes paths for YARP's transforms. These expect decoded paths and encode the result, which encodes an encoded slash a second time.
/// Here they receive encoded paths in canonical form, so the result needs no encoding and a prefix matches however the client encoded it.
/// </summary>
internal static class EncodedPath
{
    /// <summary>The characters of a path that need no encoding (RFC 3986, 3.3).</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");

    /// <summary>
    /// The canonical form of a request's path: only necessary characters are encoded, and an encoded slash stays encoded.
    /// </summary>
    /// <param name="path">A path with well-formed escapes.</param>
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

    /// <summary>Encodes a literal path of an annotation, in which a percent sign has no special meaning.</summary>
    public static string OfText(string path)
    {
        var text = new StringBuilder(path.Length + 8);
        foreach (var octet in Encoding.UTF8.GetBytes(path))
            Append(text, (char)octet);
        return text.ToString();
    }

    /// <summary>
    /// Encodes the result of a transform, which consists of an encoded path and literal texts; existing escapes are kept.
    /// </summary>
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

    /// <summary>The part of a request's path after the prefix of its route; empty for exact paths.</summary>
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
