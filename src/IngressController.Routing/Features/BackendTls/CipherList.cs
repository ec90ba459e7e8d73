using System.Net.Security;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.BackendTls;

/// <summary>A cipher list in the syntax of OpenSSL.</summary>
/// <param name="Suites">The suites in order of preference, with all of TLS 1.3; empty for the default.</param>
/// <param name="Unknown">The words that select nothing because they are not known; OpenSSL ignores them.</param>
internal sealed record CipherList(EquatableArray<TlsCipherSuite> Suites, EquatableArray<string> Unknown)
{
    public static ValueForm<CipherList> Form { get; } = new("a cipher list of OpenSSL, such as HIGH:!aNULL or ECDHE-RSA-AES128-GCM-SHA256", Parse);

    private static Parsed<CipherList> Parse(string text)
    {
        var (list, removed, unknown) = (new List<NamedCipher>(), new HashSet<NamedCipher>(), new List<string>());
        foreach (var item in text.Split([':', ',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            // @STRENGTH and @SECLEVEL: all suites here are strong.
            if (item[0] == '@')
                continue;
            var (sign, name) = item[0] is '!' or '-' or '+' ? (item[0], item[1..]) : (' ', item);
            if (CipherSuites.Select(name) is not { } selected)
            {
                if (sign == ' ')
                    unknown.Add(name);
                continue;
            }

            Apply(sign, selected, list, removed);
        }

        if (list.Count == 0)
            return ValueForm<CipherList>.Refuse("selects no cipher of TLS 1.2 that this controller has");
        var isDefault = list.SequenceEqual(CipherSuites.OfTls12);
        return new CipherList(isDefault ? [] : [.. list.Select(cipher => cipher.Suite), .. CipherSuites.OfTls13], [.. unknown]);
    }

    private static void Apply(char sign, IReadOnlyList<NamedCipher> selected, List<NamedCipher> list, HashSet<NamedCipher> removed)
    {
        switch (sign)
        {
            case '!':
                removed.UnionWith(selected);
                list.RemoveAll(removed.Contains);
                break;
            case '-':
                list.RemoveAll(selected.Contains);
                break;
            case '+':
                var moved = list.Where(selected.Contains).ToArray();
                list.RemoveAll(selected.Contains);
                list.AddRange(moved);
                break;
            default:
                list.AddRange(selected.Where(cipher => !removed.Contains(cipher) && !list.Contains(cipher)));
                break;
        }
    }
}
