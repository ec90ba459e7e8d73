using System.Runtime.CompilerServices;
using System.Text.Json;
using IngressController.Tests.Cli;
using IngressController.Tests.Fakes;
using IngressController.Views;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Explain;

/// <summary>
/// The output of <c>explain</c>. Each file in Cases has the arguments in its first line and the expected output below;
/// <c>UPDATE_GOLDEN=1</c> rewrites the files.
/// </summary>
public sealed class ExplainCommandTests
{
    public static TheoryData<string> Cases => [.. Directory.GetFiles(Folder("Cases"), "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case_prints_the_expected_text(string name)
    {
        var file = Path.Combine(Folder("Cases"), $"{name}.txt");
        var args = (await File.ReadAllLinesAsync(file))[0];

        var (code, text, error) = await CommandRun.InvokeAsync([.. args.Split(' '), "--manifests", Folder("Cases")]);

        Assert.Equal(0, code);
        RepositoryFile.AssertIs(file, $"{args}\n{text}{error}");
    }

    [Fact]
    public async Task Json_has_the_same_verdict()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["explain", "http://shop.example/api", "--manifests", Folder("Cases"), "-o", "json"]);

        Assert.Equal(0, code);
        Assert.Equal("default/api:http", JsonSerializer.Deserialize<Explanation>(text, ViewJson.Options)!.Verdict.ForwardedTo);
    }

    [Fact]
    public async Task Running_controller_explains_on_its_admin_port()
    {
        await using var controller = await TestController.StartAsync(Manifests.Service("web", [9]) + Manifests.Ingress("shop", "shop.example", "web"));

        var (code, text, error) = await CommandRun.InvokeAsync(["explain", "http://shop.example/x", "-H", "A: b", "--admin", $"http://127.0.0.1:{controller.AdminPort}"]);
        var (_, same, _) = await CommandRun.InvokeAsync(["explain", "http://shop.example/x", "-H", "A: b", "--admin-port", $"{controller.AdminPort}"]);

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("    endpoint 127.0.0.1:9\n    receives /x with Host shop.example\n\n=> forwarded to default/web:80\n", text, StringComparison.Ordinal);
        Assert.Equal(text, same);
    }

    [Fact]
    public async Task Missing_controller_is_reported_in_one_line()
    {
        Assert.Contains(
            "no controller answers at http://127.0.0.1:1/ (Connection refused", await FailAsync("--admin", "http://127.0.0.1:1"), StringComparison.Ordinal);

        await using var controller = await TestController.StartAsync("");
        Assert.Contains(
            $"http://127.0.0.1:{controller.HttpPort}/ answered 404: it is not the admin port",
            await FailAsync("--admin", $"http://127.0.0.1:{controller.HttpPort}"), StringComparison.Ordinal);

        await using var other = await KestrelBackend.StartAsync(context => context.Response.WriteAsync("hello"));
        Assert.Contains(
            $"http://127.0.0.1:{other.Port}/ did not return an explanation", await FailAsync("--admin", $"http://127.0.0.1:{other.Port}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Required argument 'URL' missing for command: 'explain'", "explain")]
    [InlineData("\"x\" is not an absolute URL", "explain", "x")]
    [InlineData("header \"x\" is not of the form NAME:VALUE", "explain", "http://a/", "-H", "x")]
    [InlineData("--admin: \"localhost:1\" is not a URL; write http://HOST:PORT", "explain", "http://a/", "--admin", "localhost:1")]
    [InlineData("--manifests and --admin cannot be combined", "explain", "http://a/", "--admin", "http://a", "--manifests", "/")]
    [InlineData("--manifests: no folder \"/nonexistent\" exists", "explain", "http://a/", "--manifests", "/nonexistent")]
    [InlineData("--ingress-class: applies only with --manifests", "explain", "http://a/", "--ingress-class", "x")]
    [InlineData("--ingress-class: applies only with --manifests", "--ingress-class", "x", "explain", "http://a/")]
    [InlineData("--all-classes: applies only with --manifests", "explain", "http://a/", "--all-classes")]
    [InlineData("--manifest-problems: applies only with --manifests", "explain", "http://a/", "--manifest-problems")]
    [InlineData("--kubeconfig: explain has no such option", "--kubeconfig", "x", "explain", "http://a/")]
    public async Task A_usage_error_is_one_line(string expected, params string[] args)
    {
        var (code, text, error) = await CommandRun.InvokeAsync(args);

        Assert.Equal((2, ""), (code, text));
        Assert.Contains(expected, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_of_run_apply_to_a_folder()
    {
        using var folder = new TempFolder();
        folder.Write("shop.yaml", Manifests.Service("web", []) + Manifests.Ingress("shop", "shop.example", "web").Replace("ingressClassName: yarp", "ingressClassName: mine", StringComparison.Ordinal));

        Assert.EndsWith("=> 404 (no route matches this host and path)\n", (await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder])).Out, StringComparison.Ordinal);
        Assert.EndsWith("=> forwarded to default/web:80\n", (await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder, "--ingress-class", "mine"])).Out, StringComparison.Ordinal);
        Assert.EndsWith(
            "=> forwarded to default/web:\n",
            (await CommandRun.InvokeAsync(["explain", "http://other.example/", "--manifests", folder, "--default-backend-service", "default/web"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_that_do_not_concern_the_request_are_printed_on_request()
    {
        using var folder = new TempFolder();
        folder.Write("shop.yaml", Manifests.Service("web", []) + Manifests.Ingress("shop", "shop.example", "web"));
        folder.Write("a.yaml", "kind: [\n");
        folder.Write("b.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x, annotations: {a: true}}\nspec: {rules: [{host: other.example}]}\n");

        var (code, text, error) = await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder]);
        var (_, same, all) = await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder, "--manifest-problems"]);

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("=> forwarded to default/web:80\n", text, StringComparison.Ordinal);
        Assert.Equal(text, same);
        Assert.Contains("a.yaml:", all, StringComparison.Ordinal);
        Assert.Contains("error ObjectUnreadable Ingress default/x", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_that_can_concern_the_request_are_printed()
    {
        using var folder = new TempFolder();
        folder.Write("shop.yaml", Manifests.Ingress("shop", "shop.example", "web"));
        folder.Write("web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web, annotations: {a: true}}\n");
        folder.Write("old.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: old, annotations: {a: true}}\nspec: {rules: [{host: '*.example'}]}\n");

        var (_, _, error) = await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder]);

        Assert.Contains("error ObjectUnreadable Service default/web", error, StringComparison.Ordinal);
        Assert.Contains("error ObjectUnreadable Ingress default/old", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_without_a_rule_says_that_the_manifests_have_problems()
    {
        using var folder = new TempFolder();
        folder.Write("a.yaml", "kind: [\n");

        var (code, text, error) = await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder]);

        Assert.Equal(0, code);
        Assert.EndsWith("=> 404 (no route matches this host and path)\n", text, StringComparison.Ordinal);
        Assert.Equal("ingress-controller: no rule matches, and the manifests have 1 problem; --manifest-problems lists them\n", error);
    }

    [Fact]
    public async Task All_classes_explain_Ingresses_of_other_classes()
    {
        using var folder = new TempFolder();
        folder.Write("shop.yaml", Manifests.Service("web", []) + Manifests.Ingress("shop", "shop.example", "web").Replace("ingressClassName: yarp", "ingressClassName: nginx", StringComparison.Ordinal));

        Assert.EndsWith("=> 404 (no route matches this host and path)\n", (await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder])).Out, StringComparison.Ordinal);
        Assert.EndsWith("=> forwarded to default/web:80\n", (await CommandRun.InvokeAsync(["explain", "http://shop.example/", "--manifests", folder, "--all-classes"])).Out, StringComparison.Ordinal);
    }

    private static async Task<string> FailAsync(params string[] args)
    {
        var (code, text, error) = await CommandRun.InvokeAsync(["explain", "http://shop.example/", .. args]);
        Assert.Equal((1, ""), (code, text));
        return Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static string Folder(string name, [CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, name);
}
