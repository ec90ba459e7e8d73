using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Tests.Folder;

/// <summary>Documents as people write them and kubectl reads them, and documents that no one can read beside good ones.</summary>
public sealed class ManifestDocumentTests
{
    private const string Hosts = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: i, annotations: {key: text}}
        spec:
          rules: [{host: a.example}]
          tls:
          - hosts: [a.example, b.example]
            secretName: s

        """;

    [Theory]
    [InlineData("- hosts: [a.example, b.example]", "- hosts: [a.example,\n  b.example]")]
    [InlineData("- hosts: [a.example, b.example]", "- hosts: [a.example,\n\nb.example\n]")]
    [InlineData("- hosts: [a.example, b.example]", "- hosts: [ # both, as [a\n  'a.example', # it's one\n  \"b.example\" ] # end")]
    [InlineData("- hosts: [a.example, b.example]", "- hosts:\n    [\n  a.example,\n  b.example,\n  ]")]
    [InlineData("- hosts: [a.example, b.example]\n    secretName: s", "- {hosts: [a.example,\n  b.example],\n  secretName: s}")]
    [InlineData("- hosts: [a.example, b.example]\n    secretName: s", "- {\n  \"hosts\": [\n\"a.example\", \"b.example\"\n  ],\n  \"secretName\": \"s\"\n  }")]
    [InlineData("rules: [{host: a.example}]", "rules: [{host: a.example},\n  {host: b.example,\n  }]")]
    [InlineData("rules: [{host: a.example}]", "rules: [\n{host: \"a.example\"\n}\n]")]
    public void Flow_collections_continue_with_any_indentation(string before, string after)
    {
        var ingress = Assert.IsType<V1Ingress>(Single(Hosts.Replace(before, after, StringComparison.Ordinal)));

        Assert.Equal("a.example", ingress.Spec!.Rules![0].Host);
        Assert.Equal(["a.example", "b.example"], ingress.Spec.Tls![0].Hosts);
        Assert.Equal("s", ingress.Spec.Tls[0].SecretName);
    }

    [Theory]
    [InlineData("\"one\n two\"", "one two")]
    [InlineData("\"one\ntwo\"", "one two")]
    [InlineData("'one\n two'", "one two")]
    [InlineData("\"one\n\n two\"", "one\ntwo")]
    [InlineData("\"one \\\n two\"", "one two")]
    [InlineData("\"a: [b\n \\\" c} # d\"", "a: [b \" c} # d")]
    [InlineData("'it''s {\n x'", "it's { x")]
    [InlineData("|\n      it's [\n      \"x", "it's [\n\"x\n")]
    public void Quoted_text_continues_with_any_indentation(string written, string expected)
    {
        var text = Hosts.Replace("annotations: {key: text}}", $"annotations: X}}\n", StringComparison.Ordinal)
            .Replace("metadata: {name: i, annotations: X}", $"metadata:\n  name: i\n  annotations:\n    key: {written}\n    other: \"x\n y\"", StringComparison.Ordinal);

        var annotations = Single(text).Metadata!.Annotations!;

        Assert.Equal((expected, "x y"), (annotations["key"], annotations["other"]));
    }

    [Fact]
    public void Last_of_two_keys_applies_with_a_warning()
    {
        var manifest = Read(Hosts.Replace("secretName: s", "secretName: s\n    secretName: t", StringComparison.Ordinal)
            .Replace("key: text", "key: text, key: more", StringComparison.Ordinal));

        var ingress = Assert.IsType<V1Ingress>(Assert.Single(manifest.Objects).Resource);
        Assert.Equal(("t", "more"), (ingress.Spec!.Tls![0].SecretName, ingress.Metadata!.Annotations!["key"]));
        Assert.Equal(
            [
                "3: Warning FieldDuplicate Ingress default/i metadata.annotations.key: is set in line 3 and in line 3, which applies; remove one (FieldIgnored)",
                "9: Warning FieldDuplicate Ingress default/i spec.tls[0].secretName: is set in line 8 and in line 9, which applies; remove one (FieldIgnored)",
            ],
            Lines(manifest));
    }

    [Fact]
    public void Key_of_an_object_twice_in_a_list_is_reported_to_its_item()
    {
        var manifest = Read("""
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}
            - apiVersion: v1
              kind: Service
              metadata: {name: b}
              metadata: {name: c}
              spec: {ports: [{port: 80}]}
            """);

        Assert.Equal(["Service default/a 4", "Service default/c 5"], manifest.Objects.Select(item => $"{item.Subject} {item.Line}"));
        Assert.StartsWith("8: Warning FieldDuplicate Service default/c metadata:", Assert.Single(Lines(manifest)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}""", 1, 2)]
    [InlineData("{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Service\", \"metadata\": {\"name\": \"a\"},\n\"spec\": {\"ports\": [\n{\"port\": 80}]}\n}", 1, 7)]
    [InlineData("""{"apiVersion": "v1", "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}""", 1, 2)]
    public void JSON_objects_can_stand_one_after_another(string json, int first, int second)
    {
        var next = json.Replace("\"a\"", "\"\\u0062\"", StringComparison.Ordinal);
        foreach (var text in (string[])[$"{json}\n{next}", $"{json}\n---\n{next.Replace("\n", "", StringComparison.Ordinal)}", $"\n{json}\r\n{next}\n\n"])
        {
            var manifest = Read(text);
            var offset = text[0] == '\n' ? 1 : 0;

            Assert.DoesNotContain(manifest.Problems, problem => problem.HidesObject);
            Assert.Equal(
                [$"Service default/a {first + offset}", $"Service default/b {second + offset + (text.Contains("---", StringComparison.Ordinal) ? 1 : 0)}"],
                manifest.Objects.Select(item => $"{item.Subject} {item.Line}"));
        }
    }

    [Theory]
    [InlineData(2, "a: [b\n", "")]
    [InlineData(1, "a: \"b\n", "")]
    [InlineData(1, "metadata: {name: {{ .Values.name }}}\n", ": is a template")]
    [InlineData(1, "{{- if .Values.ingress }}\n", ": is a template")]
    [InlineData(2, "kind: Ingress\n{{ include \"labels\" . | nindent 4 }}\n", ": is a template")]
    [InlineData(2, "a: b\n\tc: d\n", ": is indented with a tab: use spaces")]
    [InlineData(3, "a:\n  - b: c\n\t  d: e\n", ": is indented with a tab: use spaces")]
    [InlineData(2, "kind: Ingress\nhost: *.example.com\n", ": *.example.com is an alias in YAML, and no anchor has that name; if it is text, put it in quotes")]
    [InlineData(2, "a:\n- *.example.com\n", "put it in quotes")]
    [InlineData(2, "a:\n  b: @x\n", ": a value cannot begin with @ in YAML: put it in quotes")]
    [InlineData(1, "a: `x`\n", ": a value cannot begin with ` in YAML: put it in quotes")]
    [InlineData(2, "a: x\nb: c: d\n", ": a value that contains a colon and a space must be in quotes")]
    [InlineData(2, "{\"kind\": \"Service\", \n", "")]
    [InlineData(1, "{\"kind\": \"Service\", }}\n", "")]
    [InlineData(2, "- a\nb\n", "")]
    public void Unreadable_document_is_reported_alone_with_its_line(int line, string broken, string expected)
    {
        foreach (var marker in (string[])["---\n", "---\r\n", "---   \n", "--- # next\n", "...\n---\n"])
        {
            var manifest = Read($"{Service("a")}{marker}{broken}{marker}{Service("b")}---\n---\n{Service("c")}");

            Assert.Equal(["a", "b", "c"], manifest.Objects.Select(item => item.Resource.Metadata!.Name));
            var problem = Assert.Single(manifest.Problems);
            Assert.Equal(4 + marker.Count(c => c == '\n') + line, problem.Line);
            Assert.Contains($"line {problem.Line}", problem.Diagnostic.Message, StringComparison.Ordinal);
            Assert.Contains(expected, problem.Diagnostic.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Operation is not valid", problem.Diagnostic.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Broken_JSON_object_does_not_take_the_next_one()
    {
        var good = """{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "NAME"}, "spec": {"ports": [{"port": 80}]}}""";
        var manifest = Read($"{good.Replace("NAME", "a", StringComparison.Ordinal)}\n{{\"kind\": \"Service\",\n  \"metadata\"\n{good.Replace("NAME", "b", StringComparison.Ordinal)}\n");

        Assert.Equal(["Service default/a 1", "Service default/b 4"], manifest.Objects.Select(item => $"{item.Subject} {item.Line}"));
        Assert.InRange(Assert.Single(manifest.Problems).Line, 2, 4);
    }

    [Fact]
    public void Lines_that_look_like_markers_inside_of_a_document_do_not_split_it()
    {
        var manifest = Read("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a}
            data:
              page: |
                ---
                one
                ...
              other: "x
                --- y"
            ---
            ---x: this is one document
            """);

        var data = Assert.IsType<V1ConfigMap>(Assert.Single(manifest.Objects).Resource).Data!;
        Assert.Equal(("---\none\n...\n", "x --- y"), (data["page"], data["other"]));
        Assert.Equal("12: Error ObjectUnreadable Document file.yaml:12 kind: is missing (ObjectIgnored)", Assert.Single(Lines(manifest)));
    }

    [Fact]
    public void Directives_belong_to_the_document_after_them() =>
        Assert.Equal(["a", "b"], Read($"%YAML 1.1\n# comment\n---\n{Service("a")}...\n%YAML 1.1\n---\n{Service("b")}").Objects.Select(item => item.Resource.Metadata!.Name));

    [Fact]
    public void Items_of_a_list_have_lines_and_problems_of_their_own()
    {
        var manifest = Read("""
            # comment
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: Service
              metadata: {name: a}
              spec: {ports: [{port: 80}]}

            - apiVersion: v1
              kind: Service
              metadata: {name: b}
              spec:
                ports: {port: 80}
            -
            - text
            - apiVersion: v1
              kind: Service
              metadata: {name: c}
              spec: {ports: [{port: 80}]}
            """);

        Assert.Equal(["Service default/a 5", "Service default/c 17"], manifest.Objects.Select(item => $"{item.Subject} {item.Line}"));
        Assert.Equal(
            [
                "14: Error ObjectUnreadable Service default/b spec.ports: must be a list, but is a map: put \"- \" before each item (ObjectIgnored)",
                "2: Error ObjectUnreadable Document file.yaml:2 items[2].: is not a Kubernetes object: apiVersion, kind and metadata are required (ObjectIgnored)",
                "16: Error ObjectUnreadable Document file.yaml:16 items[3].: is not a Kubernetes object: apiVersion, kind and metadata are required (ObjectIgnored)",
            ],
            Lines(manifest));
    }

    private static string Service(string name) => $"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n";

    private static Manifest Read(string text) => Manifest.Read("file.yaml", new StringReader(text));

    private static k8s.IKubernetesObject<V1ObjectMeta> Single(string text)
    {
        var manifest = Read(text);
        Assert.Empty(Lines(manifest));
        return Assert.Single(manifest.Objects).Resource;
    }

    private static IEnumerable<string> Lines(Manifest manifest) => manifest.Problems.Select(problem => $"{problem.Line}: {problem.Diagnostic}");
}
