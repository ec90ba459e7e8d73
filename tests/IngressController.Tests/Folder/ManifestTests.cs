using System.Text;
using IngressController.Cli;
using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Tests.Folder;

public sealed class ManifestTests
{
    private const string Spec = "spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}\n";

    private const string Ingress = $"apiVersion: networking.k8s.io/v1\nkind: Ingress\n{Spec}metadata:\n  name: a\n";

    private const string Syntax = "{}[]:-&*!|>'\"%@`#,?\t\n \0~<";

    [Fact]
    public void File_can_have_several_documents_also_empty_ones_and_other_kinds()
    {
        var manifest = Read($"---\n{Ingress}---\n---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: k}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: b, namespace: n}}\nspec: {{ports: [{{port: 80}}]}}\n");

        Assert.Empty(manifest.Problems);
        Assert.Equal(["Ingress default/a 2", "Service n/b 18"], manifest.Objects.Select(item => $"{item.Subject} {item.Line}"));
    }

    [Theory]
    [InlineData("""{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a"}, "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}}, {"apiVersion": "v1", "kind": "Pod"}]}""")]
    [InlineData("""{"apiVersion": "networking.k8s.io/v1", "kind": "IngressList", "items": [{"metadata": {"name": "a"}, "spec": {"defaultBackend": {"service": {"name": "s", "port": {"name": "http"}}}}}]}""")]
    [InlineData("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: a.example}]}}")]
    public void Items_of_lists_are_read(string text)
    {
        var manifest = Read(text);

        Assert.Empty(manifest.Problems);
        Assert.Equal("Ingress default/a", Assert.Single(manifest.Objects).Subject.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("---\n---\n")]
    [InlineData("# only a comment\n")]
    [InlineData("\uFEFF")]
    public void Empty_manifest_is_valid(string text) => Assert.Equal((0, 0), Counts(Read(text)));

    [Fact]
    public void Byte_order_marks_and_Windows_line_endings_are_accepted()
    {
        Assert.Equal((1, 0), Counts(Read("\uFEFF" + Ingress)));
        Assert.Equal((1, 0), Counts(Read(Ingress.Replace("\n", "\r\n", StringComparison.Ordinal))));
        Assert.Equal((1, 0), Counts(Manifest.Read("f", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Ingress)])));
    }

    [Theory]
    [InlineData("kind: Ingress\n\tmetadata: x\n", "is not valid YAML: line 2: is indented with a tab: use spaces")]
    [InlineData("kind: [\n", "is not valid YAML: line 2")]
    [InlineData("{\"kind\": \"Ingress\"", "is not valid YAML")]
    [InlineData("a: *b\n", "is not valid YAML: line 1")]
    [InlineData("? [a]\n: b\n", "line 1: a key must be a string")]
    [InlineData("&a\n? *a\n: b\n", "a key must be a string")]
    [InlineData("&a [*a]\n", "nested deeper than 100 levels")]
    [InlineData("a: {<<: 1}\n", "line 1: << takes a mapping")]
    public void Invalid_YAML_is_one_problem_of_the_file(string text, string expected)
    {
        var problem = Assert.Single(Read(text).Problems);

        Assert.Contains(expected, problem.Diagnostic.Message, StringComparison.Ordinal);
        Assert.Equal("File file.yaml", problem.Diagnostic.Subject.ToString());
    }

    [Fact]
    public void Invalid_UTF8_is_a_problem_of_the_file()
    {
        var problem = Assert.Single(Manifest.Read("file.yaml", [.. Encoding.UTF8.GetBytes(Ingress + "# caf"), 0xE9, 0x0A]).Problems);

        Assert.StartsWith("is not UTF-8 text", problem.Diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metadata: {name: a, annotations: {x: true}}", "metadata.annotations.x", "must be a string, but is a boolean: put the value in quotes")]
    [InlineData("metadata: {name: a, annotations: {x: off}}", "metadata.annotations.x", "must be a string, but is a boolean: put the value in quotes")]
    [InlineData("metadata: {name: a, annotations: {x: 1}}", "metadata.annotations.x", "must be a string, but is a number: put the value in quotes")]
    [InlineData("metadata: {name: a, annotations: [x]}", "metadata.annotations", "must be a map, but is a list")]
    [InlineData("metadata: {name: 1}", "metadata.name", "must be a string, but is a number: put the value in quotes")]
    [InlineData("metadata: {namespace: n}", "metadata.name", "is missing")]
    [InlineData("metadata: [a]", "metadata", "must be a map, but is a list")]
    [InlineData("metadata: {name: a, creationTimestamp: yesterday}", "metadata.creationTimestamp", "must be a time such as")]
    [InlineData("metadata: {name: a}\nspec: {rules: [{host: x}, null]}", "spec.rules", "has an empty item")]
    [InlineData("metadata: {name: a}\nspec:\n  tls:\n  -\n", "spec.tls", "has an empty item")]
    [InlineData("metadata: {name: a}\nspec: text", "spec", "must be a map, but is a string")]
    public void A_value_of_the_wrong_type_is_a_problem_of_its_field(string rest, string field, string expected)
    {
        var problem = Assert.Single(Read("apiVersion: networking.k8s.io/v1\nkind: Ingress\n" + rest).Problems).Diagnostic;

        Assert.Equal(field, problem.Field);
        Assert.StartsWith(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Quoted_scalars_are_strings_and_plain_ones_are_not()
    {
        var manifest = Read("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: '1', annotations: {a: 'true', b: \"1\", c: !!str yes, d: |\n  1\n, e: ~}}".Replace("d: |\n  1\n, ", "", StringComparison.Ordinal)
            + "\nspec: {defaultBackend: {service: {name: s, port: {number: 80}}}}");

        var ingress = Assert.IsType<V1Ingress>(Assert.Single(manifest.Objects).Resource);
        Assert.Equal(("1", "true", "1", "yes"), (ingress.Metadata!.Name, ingress.Metadata.Annotations!["a"], ingress.Metadata.Annotations["b"], ingress.Metadata.Annotations["c"]));
        Assert.Equal(80, ingress.Spec!.DefaultBackend!.Service!.Port!.Number);
    }

    [Fact]
    public void Base64_can_have_line_breaks_and_an_invalid_value_is_not_printed()
    {
        var base64 = Convert.ToBase64String(new byte[120], Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n    ");
        var secret = $"apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {{name: s}}\ndata:\n  tls.crt: |\n    {base64}\n";

        Assert.Equal(120, Assert.IsType<V1Secret>(Assert.Single(Read(secret).Objects).Resource).Data!["tls.crt"].Length);
        var problem = Assert.Single(Read("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {tls.key: hush-hush}\n").Problems).Diagnostic;
        Assert.Equal("data['tls.key']", problem.Field);
        Assert.DoesNotContain("hush", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Anchors_and_merge_keys_work()
    {
        var manifest = Read("""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: a, annotations: &base {x: "1", y: "1"}, labels: {<<: *base, y: "2"}}
            spec:
              rules:
              - &rule {host: a.example, http: {paths: [{path: /, pathType: Exact, backend: {service: {name: s, port: {number: 80}}}}]}}
              - {<<: [{host: b.example}, *rule]}
            """);

        var ingress = Assert.IsType<V1Ingress>(Assert.Single(manifest.Objects).Resource);
        Assert.Equal(("1", "2"), (ingress.Metadata!.Labels!["x"], ingress.Metadata.Labels["y"]));
        Assert.Equal(["a.example", "b.example"], ingress.Spec!.Rules!.Select(rule => rule.Host));
        Assert.Equal("/", ingress.Spec.Rules![1].Http!.Paths![0].Path);
    }

    public static TheoryData<string> Bombs { get; } =
    [
        Bomb(level => $"[{string.Join(",", Enumerable.Repeat($"*a{level}", 9))}]", "[x]"),
        Bomb(level => $"{{{string.Join(", ", Enumerable.Range(0, 9).Select(key => $"k{key}: *a{level}"))}}}", "{k: x}"),
        Bomb(level => $"{{<<: [{string.Join(",", Enumerable.Repeat($"*a{level}", 9))}]}}", "{k: x}"),
        new string('[', 200_000),
        string.Concat(Enumerable.Repeat("{a: ", 100_000)),
        string.Concat(Enumerable.Range(0, 5000).Select(depth => $"{new string(' ', depth)}a:\n")),
        string.Concat(Enumerable.Repeat("- ", 100_000)),
    ];

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)]
    public void YAML_bombs_are_rejected_quickly_with_little_memory(string text)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        var problem = Assert.Single(Read(text).Problems).Diagnostic;

        Assert.Matches("aliases repeat more than|nested deeper than|is not valid YAML", problem.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000_000);
    }

    [Fact]
    public void Long_list_without_aliases_is_valid() =>
        Assert.Equal((20_000, 0), Counts(Read("apiVersion: v1\nkind: List\nitems:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i =>
            $"- {{apiVersion: v1, kind: Service, metadata: {{name: s{i}}}, spec: {{ports: [{{port: 80}}]}}}}\n")))));

    [Fact]
    public void Version_of_an_exported_object_is_ignored()
    {
        var manifest = Read(Ingress + "  uid: u\n  resourceVersion: \"1\"\n");

        var metadata = Assert.Single(manifest.Objects).Resource.Metadata!;
        Assert.Equal((null, null), (metadata.Uid, metadata.ResourceVersion));
    }

    [Theory]
    [InlineData("networking.k8s.io/v1beta1")]
    [InlineData("extensions/v1beta1")]
    public void Old_API_versions_are_reported(string version) =>
        Assert.Contains("use networking.k8s.io/v1", Assert.Single(Read(Ingress.Replace("networking.k8s.io/v1", version, StringComparison.Ordinal)).Problems).Diagnostic.Message, StringComparison.Ordinal);

    [Fact]
    public void Corrupted_manifests_never_throw()
    {
        var original = Fakes.Manifests.Service("web", [8080]) + Fakes.Manifests.Ingress("shop", "shop.example", "web", tlsSecret: "s");
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var text = new StringBuilder(original);
            for (var edit = random.Next(1, 5); edit > 0; edit--)
            {
                var at = random.Next(text.Length);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, Math.Min(text.Length - at, random.Next(1, 40))),
                    1 => text.Insert(at, Syntax[random.Next(Syntax.Length)]),
                    _ => text.Insert(at, text.ToString(at, Math.Min(text.Length - at, random.Next(60)))),
                };
            }

            Linter.Lint([Read(text.ToString())], new());
        }
    }

    private static string Bomb(Func<int, string> level, string first) =>
        $"a0: &a0 {first}\n" + string.Concat(Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} {level(i - 1)}\n"));

    private static Manifest Read(string text) => Manifest.Read("file.yaml", new StringReader(text));

    private static (int Objects, int Problems) Counts(Manifest manifest) => (manifest.Objects.Length, manifest.Problems.Length);
}
