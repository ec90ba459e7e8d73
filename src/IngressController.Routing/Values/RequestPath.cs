using System.Buffers;
using System.Globalization;
using System.Text;

namespace IngressController.Routing.Values;

/// <summary>The reason why a request path is refused with 400.</summary>
public enum PathProblem
{
    None,

    /// <summary>It does not start with a slash.</summary>
    NotAbsolute,

    /// <summary>A control character, a space, a fragment or a character outside ASCII.</summary>
    ForbiddenCharacter,

    /// <summary>A percent sign without two hexadecimal digits after it.</summary>
    MalformedEscape,

    /// <summary><c>%00</c>.</summary>
    NullCharacter,

    /// <summary><c>\</c> or <c>%5C</c>: some servers read it as a slash.</summary>
    Backslash,

    /// <summary><c>..</c> leads above the root.</summary>
    AboveRoot,

    /// <summary>Dot segments beside <c>%2F</c>, empty elements or path parameters: two servers would read two different paths.</summary>
    AmbiguousDotSegments,
}

/// <summary>A path as it is matched and as it is forwarded.</summary>
public readonly ref struct NormalizedPath
{
    public required PathProblem Problem { get; init; }

    /// <summary>The path that is matched: percent-decoded (one char per byte), slashes merged, dot segments resolved.</summary>
    public required ReadOnlySpan<char> Match { get; init; }

    /// <summary>The path that the backend gets, if it differs from the received one (dot segments removed); else null.</summary>
    public string? Forward { get; init; }
}

/// <summary>
/// Normalizes paths, once for matching and for everything after it. Rules and reasons: docs/decisions/0002-path-normalization.md.
/// </summary>
public static class RequestPath
{
    /// <summary>A path of these characters, without <c>//</c> and <c>/.</c>, is normalized already.</summary>
    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/\"<>[]^`{|}");

    /// <summary>Normalizes a path as received, without query.</summary>
    public static NormalizedPath Normalize(ReadOnlySpan<char> raw)
    {
        if (raw.IsEmpty || raw[0] != '/')
            return Refuse(PathProblem.NotAbsolute);
        if (!raw.ContainsAnyExcept(PlainCharacters) && raw.IndexOf("//") < 0 && raw.IndexOf("/.") < 0)
            return new() { Problem = PathProblem.None, Match = raw };

        return NormalizeSlowly(raw);
    }

    /// <summary>
    /// The match form of a path in a manifest, which may hold characters that a request carries percent-encoded, the percent sign too: one
    /// that begins no escape is itself. Null if no request can match it, with the reason in <paramref name="problem"/>.
    /// </summary>
    public static string? NormalizeRule(string path, out PathProblem problem)
    {
        var encoded = new StringBuilder(path.Length);
        var octets = Encoding.UTF8.GetBytes(path);
        for (var i = 0; i < octets.Length; i++)
        {
            var octet = octets[i];
            var isEscape = octet == '%' && i + 2 < octets.Length && char.IsAsciiHexDigit((char)octets[i + 1]) && char.IsAsciiHexDigit((char)octets[i + 2]);
            if (isEscape || octet is > 0x20 and < 0x7F and not (byte)'%')
                encoded.Append((char)octet);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        var normalized = Normalize(encoded.ToString());
        // A dot segment in a rule never matches: those of requests are resolved first.
        problem = normalized.Forward is not null ? PathProblem.AmbiguousDotSegments : normalized.Problem;
        return problem == PathProblem.None ? normalized.Match.ToString() : null;
    }

    /// <summary>Encodes a match form as a request would carry it, for people only: normalizing it gives the match form again.</summary>
    public static string Encode(string match)
    {
        if (!match.AsSpan().ContainsAnyExcept(PlainCharacters))
            return match;
        var encoded = new StringBuilder(match.Length);
        foreach (var c in match)
        {
            if (PlainCharacters.Contains(c))
                encoded.Append(c);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
        }

        return encoded.ToString();
    }

    private static NormalizedPath Refuse(PathProblem problem) => new() { Problem = problem, Match = default };

    private static NormalizedPath NormalizeSlowly(ReadOnlySpan<char> raw)
    {
        var buffer = ArrayPool<char>.Shared.Rent(raw.Length);
        try
        {
            var problem = Decode(raw, buffer, out var length, out var encodedSlash);
            return problem != PathProblem.None ? Refuse(problem) : Resolve(raw, buffer.AsSpan(0, length), encodedSlash);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private static PathProblem Decode(ReadOnlySpan<char> raw, Span<char> decoded, out int length, out bool encodedSlash)
    {
        length = 0;
        encodedSlash = false;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c is <= ' ' or >= '\x7F' or '#' or '?')
                return PathProblem.ForbiddenCharacter;
            if (c == '%')
            {
                if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
                    return PathProblem.MalformedEscape;
                c = (char)byte.Parse(raw.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (c == '\0')
                    return PathProblem.NullCharacter;
                encodedSlash |= c == '/';
                i += 2;
            }

            if (c == '\\')
                return PathProblem.Backslash;
            decoded[length++] = c;
        }

        return PathProblem.None;
    }

    private static NormalizedPath Resolve(ReadOnlySpan<char> raw, Span<char> decoded, bool encodedSlash)
    {
        var hasDots = false;
        var path = (ReadOnlySpan<char>)decoded;
        foreach (var range in path.Split('/'))
        {
            var element = path[range];
            if (element.StartsWith(".;") || element.StartsWith("..;"))
                return Refuse(PathProblem.AmbiguousDotSegments);
            hasDots |= IsDotSegment(element);
        }

        if (!hasDots)
            return new() { Problem = PathProblem.None, Match = MergeSlashes(decoded).ToString() };

        // Servers disagree about what ".." removes beside an encoded slash or an empty element.
        return encodedSlash || path.IndexOf("//") >= 0 ? Refuse(PathProblem.AmbiguousDotSegments) : RemoveDotSegments(raw, path);
    }

    /// <summary>RFC 3986, 5.2.4. No slash was encoded, so raw and decoded elements correspond one to one.</summary>
    private static NormalizedPath RemoveDotSegments(ReadOnlySpan<char> raw, ReadOnlySpan<char> decoded)
    {
        var elements = decoded[1..].ToString().Split('/');
        var rawElements = raw[1..].ToString().Split('/');
        var kept = new List<int>(elements.Length);
        for (var i = 0; i < elements.Length; i++)
        {
            if (elements[i] == "..")
            {
                if (kept.Count == 0)
                    return Refuse(PathProblem.AboveRoot);
                kept.RemoveAt(kept.Count - 1);
            }
            else if (elements[i].Length > 0 && elements[i] != ".")
            {
                kept.Add(i);
            }
        }

        var endsWithSlash = elements[^1].Length == 0 || IsDotSegment(elements[^1]);
        return new()
        {
            Problem = PathProblem.None,
            Match = Join([.. kept.Select(i => elements[i])], endsWithSlash),
            Forward = Join([.. kept.Select(i => rawElements[i])], endsWithSlash),
        };
    }

    /// <summary>Merges repeated slashes in place.</summary>
    private static ReadOnlySpan<char> MergeSlashes(Span<char> path)
    {
        var length = 1;
        for (var i = 1; i < path.Length; i++)
        {
            if (path[i] != '/' || path[length - 1] != '/')
                path[length++] = path[i];
        }

        return path[..length];
    }

    private static bool IsDotSegment(ReadOnlySpan<char> element) => element is "." or "..";

    private static string Join(string[] elements, bool endsWithSlash) =>
        elements.Length == 0 ? "/" : $"/{string.Join('/', elements)}{(endsWithSlash ? "/" : "")}";
}
