using System.Text.RegularExpressions;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Tests.Golden;

namespace IngressController.Routing.Tests.Diagnostics;

public sealed partial class DiagnosticCatalogTests
{
    private static readonly DiagnosticCode[] Codes = Enum.GetValues<DiagnosticCode>();

    [Fact]
    public void Every_code_is_documented_once()
    {
        var page = File.ReadAllText(RepositoryFolder.Combine("docs", "diagnostics.md"));
        var documented = DocumentedCode().Matches(page).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(Codes.Select(code => code.ToString()).Order(StringComparer.Ordinal), documented);
    }

    [Fact]
    public void Every_effect_is_explained()
    {
        var page = File.ReadAllText(RepositoryFolder.Combine("docs", "diagnostics.md"));
        Assert.All(Enum.GetNames<DiagnosticEffect>(), effect => Assert.Contains($"`{effect}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_code_of_translation_has_a_golden_case()
    {
        var seen = GoldenCase.AllNames.SelectMany(name => GoldenCase.Load(name).Translate().CollectDiagnostics()).Select(diagnostic => diagnostic.Code).ToHashSet();
        // Sources report objects that do not decode, and what is wrong in manifests; those never reach translation.
        Assert.Equal(
            [DiagnosticCode.ObjectUnreadable, DiagnosticCode.ObjectInvalid, DiagnosticCode.FieldUnknown, DiagnosticCode.FieldDuplicate, DiagnosticCode.TranslationFailed],
            Codes.Where(code => !seen.Contains(code)));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("b\u00FCcher", "b\u00FCcher")]
    [InlineData("a\nb\tc\u001b[0m", "a\\u000ab\\u0009c\\u001b[0m")]
    [InlineData("\u202Eevil\u2028", "\\u202eevil\\u2028")]
    public void A_message_is_one_printable_line(string message, string shown) => Assert.Equal(shown, Make(message).Message);

    [Theory]
    [InlineData("https://user:p@ss:word@auth.example.com/check", "https://user:[redacted]@auth.example.com/check")]
    [InlineData("http://:secret@auth", "http://:[redacted]@auth")]
    [InlineData("https://auth.example.com@evil.example/", "https://auth.example.com@evil.example/")]
    [InlineData("https://auth.example.com:8443/a@b", "https://auth.example.com:8443/a@b")]
    public void The_password_of_a_URL_is_redacted(string value, string shown)
    {
        foreach (var diagnostic in (Diagnostic[])
            [
                DiagnosticCatalog.AnnotationInvalid(new("a", "b"), "metadata.annotations[auth-url]", value, "is wrong", closes: true, otherwise: null),
                DiagnosticCatalog.GlobalAuthUnusable(new("a", "b"), value, "is wrong"),
                DiagnosticCatalog.SettingInvalid(new("a", "b"), "global-auth-url", value, "is wrong", closes: true, "none"),
            ])
            Assert.Contains($"\"{shown}\" is wrong", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the certificate in Secret a/tls is not valid for \"app.example.com\", only for a.example, b.example", "a.example", "b.example")]
    [InlineData("the certificate in Secret a/tls is not valid for \"app.example.com\", and has no DNS name")]
    public void A_certificate_for_other_names_says_which(string message, params string[] names)
    {
        var certificate = new TlsCertificate
        {
            Fingerprint = "",
            DnsNames = [.. names],
            Subject = "",
            Issuer = "",
            SerialNumber = "",
            NotBefore = default,
            NotAfter = default,
            ChainPem = "",
            PrivateKeyPem = new SensitiveBytes([]),
        };

        Assert.Equal(message, DiagnosticCatalog.TlsCertificateNotForHost(new("a", "b"), 0, new("a", "tls"), "app.example.com", certificate).Message);
    }

    [Fact]
    public void A_message_fits_an_Event_and_ends_between_characters()
    {
        var message = Make(string.Concat(Enumerable.Repeat("\U0001F600", 5_000))).Message;
        Assert.InRange(message.Length, 990, 1_000);
        Assert.EndsWith("\U0001F600...", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Diagnostics_are_ordered_totally()
    {
        var one = Make("x");
        Assert.NotEqual(0, one.CompareTo(one with { Effect = DiagnosticEffect.ObjectIgnored }));
        Assert.Equal(0, one.CompareTo(Make("x")));
        Assert.True(one.CompareTo(null) > 0);
    }

    private static Diagnostic Make(string message) => new(
        DiagnosticCode.HostInvalid, DiagnosticSeverity.Error, new("Ingress", new("a", "b")), "spec", message, DiagnosticEffect.None);

    [GeneratedRegex("^\\| `(\\w+)` \\|.*\\|.*\\|.*\\|$", RegexOptions.Multiline)]
    private static partial Regex DocumentedCode();
}
