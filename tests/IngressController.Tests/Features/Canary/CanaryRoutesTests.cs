using IngressController.Pipeline;
using IngressController.Routing.Diagnostics;
using IngressController.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.Canary.CanaryFixture;

namespace IngressController.Tests.Features.Canary;

/// <summary>The routes that a canary is merged into, its endpoints, and changes of it.</summary>
public sealed class CanaryRoutesTests(CanaryFixture proxy) : IClassFixture<CanaryFixture>
{
    private static readonly (string, string) All = ("canary-weight", "100");

    private IEnumerable<Diagnostic> Diagnostics =>
        proxy.Controller.Services.GetRequiredService<LiveRevision>().Current.Translation.CollectDiagnostics();

    [Fact]
    public async Task A_canary_of_another_namespace_gets_requests()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host) + In("team-b", CanaryOf(host, "theirs", All) + Manifests.Service("theirs", [proxy.PortOf("next")])));
        Assert.Equal("next", await proxy.AskAsync(host));
    }

    [Fact]
    public async Task Without_a_main_Ingress_its_host_is_answered_404()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(CanaryOf(host, "next", All, ("canary-by-header", "X-Canary")));
        Assert.Equal("404", await proxy.AskAsync(host));
        Assert.Equal("404", await proxy.AskAsync(host, "X-Canary: always\r\n"));
        Assert.Contains(Diagnostics, diagnostic => diagnostic.Code == DiagnosticCode.CanaryWithoutMain && diagnostic.Subject.Name.Name == $"next-{host}");

        // The main Ingress can come later.
        await proxy.AddAsync(MainOf(host));
        Assert.Equal("next", await proxy.AskAsync(host));
        Assert.DoesNotContain(Diagnostics, diagnostic => diagnostic.Subject.Name.Name == $"next-{host}");
    }

    [Theory]
    [InlineData("/a", "Prefix", "/a", "Exact", "main")]
    [InlineData("/a", "Exact", "/a", "Prefix", "main")]
    [InlineData("/a", "Prefix", "/", "Prefix", "main")]
    [InlineData("/a", "Prefix", "/b", "Prefix", "main")]
    [InlineData("/a", "Exact", "/a", "Exact", "next")]
    [InlineData("/a", "Prefix", "/a/", "Prefix", "next")]
    [InlineData("/a", "ImplementationSpecific", "/a", "Prefix", "next")]
    public async Task Only_main_routes_of_the_same_path_and_type_have_the_canary(string path, string type, string canaryPath, string canaryType, string backend)
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, "main", path, type) + CanaryAt(host, "next", canaryPath, canaryType, All));
        Assert.Equal(backend, await proxy.AskAsync(host, target: "/a"));
        Assert.Equal("404", await proxy.AskAsync(host, target: "/other"));
    }

    [Fact]
    public async Task Other_paths_of_the_main_Ingress_have_no_canary()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host) + CanaryAt(host, "next", "/only-here", "Prefix", All));
        Assert.Equal("main", await proxy.AskAsync(host, target: "/only-here"));
    }

    [Fact]
    public async Task A_path_that_is_a_regular_expression_has_its_canary()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host, path: "/a(/|$)(.*)", pathType: "ImplementationSpecific", annotations: "rewrite-target: \"/$2\"")
            + CanaryAt(host, "next", "/a(/|$)(.*)", "ImplementationSpecific", All));
        Assert.Equal("next", await proxy.AskAsync(host, target: "/a/b"));
    }

    [Fact]
    public async Task A_canary_of_the_default_backend()
    {
        await proxy.AddAsync("""
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: catch-all}
            spec: {ingressClassName: yarp, defaultBackend: {service: {name: main, port: {number: 80}}}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: catch-all-canary, annotations: {nginx.ingress.kubernetes.io/canary: "true", nginx.ingress.kubernetes.io/canary-by-header: X-Canary}}
            spec: {ingressClassName: yarp, defaultBackend: {service: {name: next, port: {number: 80}}}}

            """);
        Assert.Equal("main", await proxy.AskAsync("anything.example"));
        Assert.Equal("next", await proxy.AskAsync("anything.example", "X-Canary: always\r\n"));
    }

    [Fact]
    public async Task A_canary_without_endpoints_leaves_its_requests_to_main()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host) + CanaryOf(host, "none", All, ("canary-by-header", "X-Canary")));
        Assert.Equal("main", await proxy.AskAsync(host));
        Assert.Equal("main", await proxy.AskAsync(host, "X-Canary: always\r\n"));
    }

    [Fact]
    public async Task A_canary_without_a_Service_leaves_its_requests_to_main()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host) + CanaryOf(host, "missing", All));
        Assert.Equal("main", await proxy.AskAsync(host));
        Assert.Contains(Diagnostics, diagnostic => diagnostic.Code == DiagnosticCode.ServiceNotFound && diagnostic.Subject.Name.Name == $"missing-{host}");
    }

    [Fact]
    public async Task Main_without_endpoints_is_503_for_the_canary_too()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, "none") + CanaryOf(host, "next", All, ("canary-by-header", "X-Canary")));
        Assert.Equal("503", await proxy.AskAsync(host));
        Assert.Equal("503", await proxy.AskAsync(host, "X-Canary: always\r\n"));
    }

    [Fact]
    public async Task The_default_backend_of_a_main_Ingress_without_endpoints_serves_the_canary_too()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, "none", annotations: "default-backend: gamma") + CanaryOf(host, "next", All, ("canary-by-header", "X-Canary")));
        Assert.Equal("gamma", await proxy.AskAsync(host, "X-Canary: always\r\n"));
    }

    [Fact]
    public async Task The_annotations_of_the_main_Ingress_apply_and_those_of_the_canary_do_not()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host, annotations: "denylist-source-range: 10.0.0.0/8, response-headers: \"set: {X-From: main}\"")
            + CanaryOf(host, "next", All, ("denylist-source-range", "127.0.0.0/8"), ("permanent-redirect", "https://elsewhere.example"), ("auth-type", "basic"), ("auth-secret", "missing")));
        var response = await proxy.GetAsync(host);
        Assert.Equal((200, "next"), (response.Status, response.Body));
        Assert.Equal("main", response.One("X-From"));
        Assert.Equal(
            4, Diagnostics.Count(diagnostic => diagnostic.Code == DiagnosticCode.AnnotationWithoutEffect && diagnostic.Subject.Name.Name == $"next-{host}"));
    }

    [Fact]
    public async Task A_protection_of_the_main_Ingress_protects_the_canary()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, annotations: "denylist-source-range: 127.0.0.0/8") + CanaryOf(host, "next", All));
        Assert.Equal("403", await proxy.AskAsync(host));
    }

    [Theory]
    [InlineData("X-Beta: always\r\nX-Next: always\r\n", "beta")]
    [InlineData("X-Next: always\r\n", "next")]
    [InlineData("X-Beta: never\r\nX-Next: always\r\n", "next")]
    [InlineData("X-Beta: never\r\n", "main")]
    [InlineData("", "main")]
    public async Task Several_canaries_are_asked_in_order_of_age(string fields, string backend)
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host) + Born("2024-05-02", CanaryOf(host, "next", ("canary-by-header", "X-Next"))) + Born("2024-05-01", CanaryOf(host, "beta", ("canary-by-header", "X-Beta"))));
        Assert.Equal(backend, await proxy.AskAsync(host, fields));
    }

    [Fact]
    public async Task The_older_of_two_canaries_for_one_header_gets_it()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host) + Born("2024-05-02", CanaryOf(host, "next", ("canary-by-header", "X"))) + Born("2024-05-01", CanaryOf(host, "none", ("canary-by-header", "X")))
            + Born("2024-05-03", CanaryOf(host, "beta", ("canary-by-header", "X"))));
        // The oldest has no endpoint.
        Assert.Equal("next", await proxy.AskAsync(host, "X: always\r\n"));
    }

    [Fact]
    public async Task Changes_of_weight_and_endpoints_lose_no_request()
    {
        var host = proxy.NewHost();
        string Manifest(string weight, bool hasCanary, bool hasEndpoint) =>
            string.Concat(Services.Select(name => Manifests.Service(name, name == "next" && !hasEndpoint ? [] : [proxy.PortOf(name)])))
            + MainOf(host) + (hasCanary ? CanaryOf(host, "next", ("canary-weight", weight)) : "");
        await using var own = await TestController.StartAsync(Manifest("0", hasCanary: false, hasEndpoint: true));
        using var ended = new CancellationTokenSource();
        var answers = Task.Run(async () =>
        {
            var seen = new HashSet<string>();
            while (!ended.IsCancellationRequested)
                seen.Add(await own.Client.GetStringAsync($"http://{host}/"));
            return seen;
        });
        var steps = new (string Weight, bool HasCanary, bool HasEndpoint, string[] Wanted)[]
        {
            ("0", true, true, ["main"]), ("50", true, true, ["main", "next"]), ("100", true, true, ["next"]), ("100", true, false, ["main"]),
            ("100", true, true, ["next"]), ("100", false, true, ["main"]), ("100", true, true, ["next"]), ("0", true, true, ["main"]),
        };
        foreach (var (weight, hasCanary, hasEndpoint, wanted) in steps)
        {
            await own.ApplyAsync(Manifest(weight, hasCanary, hasEndpoint));
            for (var i = 0; i < 5; i++)
                Assert.Contains(await own.Client.GetStringAsync($"http://{host}/"), wanted);
        }

        await ended.CancelAsync();
        Assert.Equal(["main", "next"], (await answers).Order(StringComparer.Ordinal));
    }

    private static string Born(string day, string manifest) =>
        manifest.Replace("metadata: {name:", $"metadata: {{creationTimestamp: \"{day}T00:00:00Z\", name:", StringComparison.Ordinal);
}
