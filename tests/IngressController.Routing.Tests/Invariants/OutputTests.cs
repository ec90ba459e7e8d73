using System.Text.Json.Nodes;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Tests.Golden;
using k8s.Models;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>The requirements on everything that is shown.</summary>
public sealed class OutputTests
{
    public static TheoryData<string> Cases => GoldenCase.AllRows;

    [Theory]
    [MemberData(nameof(Cases))]
    public void No_text_holds_key_material(string name)
    {
        var golden = GoldenCase.Load(name);
        var secrets = golden.AllDocuments.Where(document => GoldenCase.IsKind(document, "Secret")).ToArray();
        var keyLines = secrets.SelectMany(PrivateLines).Append("PRIVATE KEY");

        var translation = golden.Translate();
        var table = translation.Table;
        string[] texts =
        [
            TableRenderer.Render(translation),
            translation.ToString(), table.ToString(), translation.Snapshot.ToString(), translation.Changes.ToString(),
            .. table.Hosts.Values.Select(host => host.ToString()),
            .. table.Backends.Values.Select(backend => backend.ToString()),
            .. table.TlsBindings.Values.Append(table.DefaultCertificate).OfType<object>().Select(binding => binding.ToString()!),
            .. translation.Snapshot.TlsSecrets.Values.Select(secret => secret.ToString()),
            .. secrets.Select(secret => TestCluster.Decode(secret).ToString()!),
            .. translation.CollectDiagnostics().Select(diagnostic => diagnostic.ToString()),
        ];
        Assert.All(keyLines, line => Assert.All(texts, text => Assert.DoesNotContain(line, text, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_diagnostic_has_a_field_and_a_message_of_one_line(string name) =>
        Assert.All(GoldenCase.Load(name).Translate().CollectDiagnostics(), AssertUseful);

    /// <summary>The lines of the key, except those with its public half, which the certificate shows too.</summary>
    private static IEnumerable<string> PrivateLines(JsonObject secret)
    {
        var chain = secret["stringData"]?["tls.crt"]?.ToString() ?? "";
        var certificates = chain.IndexOf("-----BEGIN CERTIFICATE", StringComparison.Ordinal) is >= 0 and var start ? chain[start..] : "";
        return (secret["stringData"]?["tls.key"]?.ToString() ?? "").Split('\n')
            .Where(line => line.Length > 15 && !certificates.Contains(line, StringComparison.Ordinal));
    }

    internal static void AssertUseful(Diagnostic diagnostic)
    {
        Assert.NotEmpty(diagnostic.Field);
        Assert.NotEmpty(diagnostic.Message);
        Assert.NotEmpty(diagnostic.Subject.Kind);
        Assert.NotEmpty(diagnostic.Subject.Name.Name);
        AssertPrintable(diagnostic);
    }

    internal static void AssertPrintable(Diagnostic diagnostic)
    {
        Assert.InRange(diagnostic.Message.Length, 1, 1_000);
        Assert.DoesNotContain(diagnostic.Message, char.IsControl);
    }

    [Fact]
    public void A_Secret_prints_nothing_of_its_content()
    {
        var secret = new V1Secret
        {
            Metadata = new() { NamespaceProperty = "a", Name = "b" },
            Data = new Dictionary<string, byte[]> { ["key"] = "from data"u8.ToArray() },
            StringData = new Dictionary<string, string> { ["key"] = "from stringData" },
        };

        Assert.DoesNotContain("from ", secret.ToString(), StringComparison.Ordinal);
    }
}
