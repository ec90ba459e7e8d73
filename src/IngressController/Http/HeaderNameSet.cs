using System.Text;

namespace IngressController.Http;

/// <summary>
/// A set of header names that treats all symbols as hyphens: CGI and its successors read <c>X_User</c> as <c>X-User</c>, and some of them
/// read other symbols in the same way.
/// </summary>
internal sealed class HeaderNameSet(IEnumerable<string> names)
{
    private readonly HashSet<string> _names = new(names.Select(Normalize), StringComparer.OrdinalIgnoreCase);

    public bool Contains(string name) => _names.Contains(Normalize(name));

    private static string Normalize(string name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return ReplaceSymbols(name);
        }

        return name;
    }

    private static string ReplaceSymbols(string name)
    {
        var normalized = new StringBuilder(name);
        for (var i = 0; i < normalized.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(normalized[i]))
                normalized[i] = '-';
        }

        return normalized.ToString();
    }
}
