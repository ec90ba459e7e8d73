using Microsoft.Extensions.Primitives;

namespace IngressController.Http;

/// <summary>Cookies as received. ASP.NET Core's collection decodes escapes, including line breaks, and allocates.</summary>
internal static class RequestCookies
{
    /// <summary>The value of the first cookie with a name; empty if there is none.</summary>
    /// <param name="lines">The Cookie headers.</param>
    /// <param name="name">The name.</param>
    /// <param name="comparison">The comparison of names, which are case-sensitive in RFC 6265, 5.3.</param>
    public static ReadOnlySpan<char> Find(StringValues lines, string name, StringComparison comparison = StringComparison.Ordinal)
    {
        foreach (var value in Values(lines, name, comparison))
            return value;
        return default;
    }

    /// <summary>The values of all cookies with a name, in order: clients send those of longer paths first.</summary>
    public static ValueEnumerator Values(StringValues lines, string name, StringComparison comparison = StringComparison.Ordinal) => new(lines, name, comparison);

    internal ref struct ValueEnumerator(StringValues lines, string name, StringComparison comparison)
    {
        private int _line;
        private ReadOnlySpan<char> _rest;

        public ReadOnlySpan<char> Current { get; private set; }

        public readonly ValueEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (true)
            {
                if (_rest.IsEmpty)
                {
                    if (_line == lines.Count)
                        return false;
                    _rest = lines[_line++];
                    continue;
                }

                var end = _rest.IndexOf(';');
                var pair = (end < 0 ? _rest : _rest[..end]).Trim();
                _rest = end < 0 ? default : _rest[(end + 1)..];
                if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, comparison))
                {
                    Current = pair[(name.Length + 1)..];
                    return true;
                }
            }
        }
    }
}
