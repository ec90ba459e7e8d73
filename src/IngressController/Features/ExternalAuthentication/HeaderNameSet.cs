using System.Text;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// Names of headers, however they are spelt: CGI and its heirs read <c>X_User</c> as <c>X-User</c>, and some read any other symbol so as
/// well.
/// </summary>
internal sealed class HeaderNameSet(IEnumerable<string> names)
{
    private readonly HashSet<string> _names = new(names.Select(Plain), StringComparer.OrdinalIgnoreCase);

    public bool Contains(string name) => _names.Contains(Plain(name));

    private static string Plain(string name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return Replaced(name);
        }

        return name;
    }

    private static string Replaced(string name)
    {
        var plain = new StringBuilder(name);
        for (var i = 0; i < plain.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(plain[i]))
                plain[i] = '-';
        }

        return plain.ToString();
    }
}
