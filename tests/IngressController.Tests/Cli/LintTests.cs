using System.Text.Json;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Cli;

public sealed class LintTests : IDisposable
{
    private static readonly string Good = Manifests.Service("web", []) + Manifests.Ingress("shop", "shop.example", "web");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Valid_manifests_need_no_slices_and_the_report_ends_with_the_totals()
    {
        var file = _folder.Write("good.yaml", Good);

        var (code, text, error) = await CommandRun.InvokeAsync(["lint", file]);

        Assert.Equal((0, "1 file, 1 Ingress (1 claimed): 0 errors, 0 warnings\n", ""), (code, text, error));
    }

    [Fact]
    public async Task Finding_is_one_line_with_location_object_and_field_and_an_error_sets_the_exit_code()
    {
        var file = _folder.Write("shop.yaml", "# first\n" + Good.Replace("number: 80", "number: 81", StringComparison.Ordinal));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", file]);

        var lines = text.TrimEnd().Split('\n');
        Assert.Equal(1, code);
        Assert.Equal(
            $"{file}:8: error ServicePortNotFound Ingress default/shop spec.rules[0].http.paths[0].backend.service.port: "
            + "Service default/web has no port 81; it has 80 (RouteUnavailable)", lines[0]);
        Assert.Equal("1 file, 1 Ingress (1 claimed): 1 error, 0 warnings", lines[1]);
    }

    [Theory]
    [InlineData("[{name: quic, port: 80, protocol: UDP}, {name: web, port: 80}]", "1 file, 1 Ingress (1 claimed): 0 errors, 0 warnings\n")]
    [InlineData("[{name: quic, port: 80, protocol: UDP}]", "port 80 of Service default/web is UDP; HTTP needs TCP (RouteUnavailable)\n")]
    public async Task Port_of_a_Service_is_found_by_number_and_protocol(string ports, string expected)
    {
        var file = _folder.Write("shop.yaml", Good.Replace("[{port: 80}]", ports, StringComparison.Ordinal));

        var (_, text, _) = await CommandRun.InvokeAsync(["lint", file]);

        Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_services_and_secrets_are_warnings()
    {
        var file = _folder.Write("shop.yaml", Manifests.Ingress("shop", "shop.example", "web", tlsSecret: "cert"));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", file]);

        Assert.Equal(0, code);
        Assert.Contains("warning ServiceNotFound Ingress default/shop", text, StringComparison.Ordinal);
        Assert.Contains("warning TlsSecretNotFound Ingress default/shop spec.tls[0].secretName", text, StringComparison.Ordinal);
        Assert.EndsWith("0 errors, 2 warnings\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slice_in_the_manifests_is_used()
    {
        var file = _folder.Write("shop.yaml", Manifests.Service("web", [8080]).Replace("ready: true", "ready: false", StringComparison.Ordinal)
            + Manifests.Ingress("shop", "shop.example", "web"));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", file]);

        Assert.Equal(0, code);
        Assert.Contains("warning ServiceWithoutEndpoints", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_the_same_findings_with_their_members()
    {
        var file = _folder.Write("shop.yaml", Manifests.Ingress("shop", "shop.example", "web"));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", "--output", "json", file]);

        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        Assert.Equal(0, code);
        Assert.Equal((1, 1, 1, 0, 1), (Int(root, "files"), Int(root, "ingresses"), Int(root, "ourIngresses"), Int(root, "errors"), Int(root, "warnings")));
        var finding = Assert.Single(root.GetProperty("diagnostics").EnumerateArray());
        Assert.Equal(
            [file, "2", "Warning", "ServiceNotFound", "Ingress", "default", "shop", "spec.rules[0].http.paths[0].backend.service.name", "RouteUnavailable"],
            ((string[])["file", "line", "severity", "code", "kind", "namespace", "name", "field", "effect"])
                .Select(name => finding.GetProperty(name).ToString()));
    }

    [Fact]
    public async Task Standard_input_folders_and_files_are_combined_and_each_file_is_read_once()
    {
        _folder.Write("sub/a.yml", Good);
        var file = _folder.Write("b.json", """{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "json"}, "spec": {"rules": [{"host": "json.example"}]}}""");
        _folder.Write(".hidden.yaml", "{");
        _folder.Write("notes.txt", "{");

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", "-", _folder, file, "-"], Manifests.Ingress("piped", "piped.example", "web"));

        Assert.Equal(0, code);
        Assert.EndsWith("3 files, 3 Ingresses (2 claimed): 0 errors, 0 warnings\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_has_a_name_in_findings()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["lint", "-"], "kind: [\n");

        Assert.Equal(1, code);
        Assert.StartsWith("(standard input):", text, StringComparison.Ordinal);
        Assert.Contains("error ObjectUnreadable File (standard input) (file): is not valid YAML", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unreadable_document_is_an_error_and_the_others_are_checked()
    {
        _folder.Write("broken.yaml", Good + "---\nkind: Ingress\n---\n- a\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x, annotations: {a: true}}\n");

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", _folder]);

        Assert.Equal(1, code);
        Assert.Contains(" apiVersion: is missing; use networking.k8s.io/v1", text, StringComparison.Ordinal);
        Assert.Contains("(document): is not a Kubernetes object", text, StringComparison.Ordinal);
        Assert.Contains("Ingress default/x metadata.annotations.a: must be a string, but is a boolean: put the value in quotes", text, StringComparison.Ordinal);
        Assert.EndsWith("1 file, 1 Ingress (1 claimed): 3 errors, 0 warnings\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Object_that_is_defined_twice_is_reported()
    {
        var first = _folder.Write("a.yaml", Good);
        var second = _folder.Write("b.yaml", Manifests.Ingress("shop", "other.example", "web"));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", _folder]);

        Assert.Equal(0, code);
        Assert.Contains($"{first}:7: warning ObjectUnreadable Ingress default/shop metadata.name: is also defined at {second}:2, which takes precedence", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Class_options_determine_the_claimed_Ingresses()
    {
        var file = _folder.Write("shop.yaml", Manifests.Ingress("a", "a.example", "web").Replace("ingressClassName: yarp", "ingressClassName: mine", StringComparison.Ordinal)
            + Manifests.Ingress("b", "b.example", "web").Replace("ingressClassName: yarp", "", StringComparison.Ordinal)
            + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: other}\nspec: {controller: example.com/mine}\n");

        async Task<string> ClaimedAsync(params string[] options) =>
            (await CommandRun.InvokeAsync(["lint", .. options, file])).Out.Split('(', ')')[^2];

        Assert.Equal("0 claimed", await ClaimedAsync());
        Assert.Equal("1 claimed", await ClaimedAsync("--ingress-class", "mine"));
        Assert.Equal("1 claimed", await ClaimedAsync("--watch-ingress-without-class"));
        Assert.Equal("2 claimed", await ClaimedAsync("--ingress-class=mine", "--watch-ingress-without-class=true"));
        Assert.Equal("0 claimed", await ClaimedAsync("--watch-ingress-without-class", "false"));
    }

    [Fact]
    public async Task IngressClass_is_optional_and_applies_if_the_manifests_contain_it()
    {
        var file = _folder.Write("shop.yaml", Good + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: yarp}\nspec: {controller: example.com/theirs}\n");

        Assert.EndsWith("1 Ingress (0 claimed): 0 errors, 0 warnings\n", (await CommandRun.InvokeAsync(["lint", file])).Out, StringComparison.Ordinal);
        Assert.EndsWith("(1 claimed): 0 errors, 0 warnings\n", (await CommandRun.InvokeAsync(["lint", file, "--controller-class", "example.com/theirs"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_and_json_show_the_same_effects()
    {
        var file = _folder.Write("shop.yaml", Manifests.Ingress("shop", "shop.example", "web", tlsSecret: "cert")
            + Manifests.Ingress("twice", "shop.example", "other"));

        var text = (await CommandRun.InvokeAsync(["lint", file])).Out;
        using var json = JsonDocument.Parse((await CommandRun.InvokeAsync(["lint", file, "-o", "json"])).Out);

        string[] effects = [.. json.RootElement.GetProperty("diagnostics").EnumerateArray().Select(finding => finding.GetProperty("effect").GetString()!)];
        Assert.Contains("DefaultCertificate", effects);
        Assert.Contains("RouteLeftOut", effects);
        Assert.Equal(effects, text.TrimEnd().Split('\n')[..^1].Select(line => line[(line.LastIndexOf('(') + 1)..^1]));
    }

    [Fact]
    public async Task Ingresses_of_other_classes_are_named_with_the_option_that_checks_them()
    {
        var file = _folder.Write("others.yaml", Class("a", "nginx") + Class("b", "nginx") + Class("c", "") + Class("d", "", "it's mine")
            + Class("e", "internal") + Class("f", "", "nginx")
            + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: internal}\nspec: {controller: k8s.io/ingress-nginx}\n");

        var (code, text, error) = await CommandRun.InvokeAsync(["lint", file]);

        Assert.Equal((3, ""), (code, error));
        Assert.Equal(
            """
            not checked: 1 Ingress without a class; check them with --watch-ingress-without-class, or every Ingress with --all-classes
            not checked: 1 Ingress of class "internal", whose controller is k8s.io/ingress-nginx; check them with --controller-class k8s.io/ingress-nginx, or every Ingress with --all-classes
            not checked: 1 Ingress of class "it's mine"; check every Ingress with --all-classes
            not checked: 3 Ingresses of class "nginx"; check them with --ingress-class nginx, or every Ingress with --all-classes
            1 file, 6 Ingresses (0 claimed): 0 errors, 0 warnings

            """, text);
    }

    [Theory]
    [InlineData("3 claimed", "--ingress-class", "nginx")]
    [InlineData("1 claimed", "--watch-ingress-without-class")]
    [InlineData("1 claimed", "--controller-class", "k8s.io/ingress-nginx")]
    [InlineData("6 claimed", "--all-classes")]
    [InlineData("6 claimed", "--all-classes", "--ingress-class", "nginx")]
    public async Task The_named_options_check_the_Ingresses(string claimed, params string[] options)
    {
        var file = _folder.Write("others.yaml", Class("a", "nginx") + Class("b", "nginx") + Class("c", "") + Class("d", "", "it's mine")
            + Class("e", "internal") + Class("f", "", "nginx") + Manifests.Service("web", [])
            + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: internal}\nspec: {controller: k8s.io/ingress-nginx}\n");

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", .. options, file]);

        Assert.Equal(0, code);
        Assert.Contains($"({claimed})", text, StringComparison.Ordinal);
        Assert.Equal(claimed != "6 claimed", text.Contains("not checked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_classes_find_the_errors_of_Ingresses_of_other_classes()
    {
        var file = _folder.Write("others.yaml", Class("a", "nginx").Replace("number: 80", "number: 81", StringComparison.Ordinal) + Manifests.Service("web", []));

        Assert.Equal(3, (await CommandRun.InvokeAsync(["lint", file])).Code);
        var (code, text, _) = await CommandRun.InvokeAsync(["lint", file, "--all-classes"]);

        Assert.Equal(1, code);
        Assert.Contains("error ServicePortNotFound Ingress default/a spec.rules[0].http.paths[0].backend", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_claimed_Ingress_or_none_at_all_is_success_and_an_error_takes_precedence()
    {
        var mixed = _folder.Write("mixed.yaml", Good + Class("a", "nginx"));
        var none = _folder.Write("none.yaml", Manifests.Service("web", []));
        var broken = _folder.Write("broken.yaml", Class("a", "nginx") + "---\nkind: Ingress\n");

        Assert.Equal(0, (await CommandRun.InvokeAsync(["lint", mixed])).Code);
        Assert.Equal(0, (await CommandRun.InvokeAsync(["lint", none])).Code);
        Assert.Equal(1, (await CommandRun.InvokeAsync(["lint", broken])).Code);
    }

    [Fact]
    public async Task Json_has_the_classes_that_were_not_checked()
    {
        var file = _folder.Write("others.yaml", Class("a", "nginx") + Class("b", "nginx"));

        var (code, text, _) = await CommandRun.InvokeAsync(["lint", "-o", "json", file]);

        using var json = JsonDocument.Parse(text);
        var unclaimed = Assert.Single(json.RootElement.GetProperty("unclaimed").EnumerateArray());
        Assert.Equal(3, code);
        Assert.Equal(("nginx", 2, "--ingress-class nginx"), (unclaimed.GetProperty("class").GetString(), Int(unclaimed, "ingresses"), unclaimed.GetProperty("option").GetString()));
    }

    [Theory]
    [InlineData("no file or folder \"nope.yaml\" exists", "lint", "nope.yaml")]
    [InlineData("Required argument 'PATH' missing for command: 'lint'", "lint")]
    [InlineData("'xml' not recognized", "lint", "--output", "xml", "-")]
    [InlineData("--http-port: lint has no such option", "--http-port", "80", "lint", "-")]
    [InlineData("Unrecognized command or argument '--bogus'", "lint", "--bogus", "-")]
    public async Task A_usage_error_is_one_line(string expected, params string[] args)
    {
        var (code, text, error) = await CommandRun.InvokeAsync(args);

        Assert.Equal((2, ""), (code, text));
        Assert.Contains(expected, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>An Ingress of a class, in its spec or by the annotation that preceded it.</summary>
    private static string Class(string name, string ingressClass, string legacy = "") =>
        Manifests.Ingress(name, $"{name}.example", "web")
            .Replace("ingressClassName: yarp", ingressClass.Length > 0 ? $"ingressClassName: \"{ingressClass}\"" : "", StringComparison.Ordinal)
            .Replace("annotations: {}", legacy.Length > 0 ? $"annotations: {{kubernetes.io/ingress.class: {legacy}}}" : "annotations: {}", StringComparison.Ordinal);

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
