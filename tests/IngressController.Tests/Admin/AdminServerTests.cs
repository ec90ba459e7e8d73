using System.Net;
using System.Text.Json;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Hosting;
using IngressController.Metrics;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Routing.Values;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Admin;

public sealed class AdminServerTests : IAsyncLifetime
{
    private static readonly EchoPod[] Pods = [new("web", "web-1")];
    private EchoBackend _backend = null!;
    private TestController _controller = null!;
    private HttpClient _admin = null!;

    public async Task InitializeAsync()
    {
        _backend = await EchoBackend.StartAsync(Pods, CancellationToken.None);
        _controller = await TestController.StartAsync(
            Manifests.Service("web", [_backend.Ports[Pods[0]]]) + new Pki().Secret("cert", "app.example")
            + Manifests.Ingress("good", "app.example", "web", tlsSecret: "cert") + Manifests.Ingress("bad", "bad.example", "missing"));
        _admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_controller.AdminPort}") };
    }

    public async Task DisposeAsync()
    {
        _admin.Dispose();
        await _controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory]
    [InlineData("/healthz", "text/plain; charset=utf-8", "ok\n")]
    [InlineData("/readyz", "text/plain; charset=utf-8", "ok\n")]
    [InlineData("/metrics", "text/plain; version=0.0.4; charset=utf-8", "# HELP ")]
    [InlineData("/api/routes", "application/json; charset=utf-8", "[")]
    [InlineData("/", "text/plain; charset=utf-8", "/healthz\n/readyz\n/metrics\n")]
    public async Task Pages_answer_only_GET_and_HEAD(string path, string type, string start)
    {
        using var get = await _admin.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, type), (get.StatusCode, get.Content.Headers.ContentType!.ToString()));
        Assert.StartsWith(start, await get.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var head = await _admin.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal((HttpStatusCode.OK, type), (head.StatusCode, head.Content.Headers.ContentType!.ToString()));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());

        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Delete, HttpMethod.Options, new("PROPFIND")])
        {
            using var rejected = await _admin.SendAsync(new HttpRequestMessage(method, path));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, rejected.StatusCode);
            Assert.Equal(["GET", "HEAD"], rejected.Content.Headers.Allow);
        }
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/healthz/")]
    [InlineData("/api")]
    [InlineData("/API/routes")]
    [InlineData("/api/../metrics/x")]
    public async Task Other_paths_are_not_found(string path)
    {
        using var response = await _admin.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/api/certificates")]
    public async Task Proxy_ports_do_not_serve_the_admin_pages(string path)
    {
        foreach (var scheme in (string[])["http", "https"])
        {
            foreach (var host in (string[])["localhost", "127.0.0.1", "other.example"])
            {
                using var response = await _controller.Client.GetAsync($"{scheme}://{host}{path}");
                Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            }
        }
    }

    [Theory]
    [InlineData("/api/routes", "host pathType path backend ingress field")]
    [InlineData("/api/backends", "service port protocol endpoints problems")]
    [InlineData("/api/certificates", "host secret subject issuer serialNumber notBefore notAfter isValidNow dnsNames")]
    [InlineData("/api/diagnostics", "severity code kind namespace name field message effect")]
    public async Task Json_has_the_documented_members(string path, string members)
    {
        using var json = JsonDocument.Parse(await _admin.GetStringAsync(path));

        var first = json.RootElement.EnumerateArray().OrderBy(item => item.ToString().Contains("bad.example", StringComparison.Ordinal)).First();
        Assert.Equal(members.Split(' '), first.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Json_shows_the_live_revision()
    {
        using var routes = JsonDocument.Parse(await _admin.GetStringAsync("/api/routes"));
        Assert.Equal(
            ["app.example Prefix / default/web:80 default/good", "bad.example Prefix / default/missing:80 default/bad"],
            routes.RootElement.EnumerateArray().Select(route =>
                string.Join(' ', ((string[])["host", "pathType", "path", "backend", "ingress"]).Select(name => route.GetProperty(name).GetString()))));

        using var backends = JsonDocument.Parse(await _admin.GetStringAsync("/api/backends"));
        var web = backends.RootElement.EnumerateArray().Single(backend => backend.GetProperty("service").GetString() == "default/web");
        Assert.Equal($"127.0.0.1:{_backend.Ports[Pods[0]]}", Assert.Single(web.GetProperty("endpoints").EnumerateArray()).GetString());

        using var diagnostics = JsonDocument.Parse(await _admin.GetStringAsync("/api/diagnostics"));
        Assert.Equal("ServiceNotFound", Assert.Single(diagnostics.RootElement.EnumerateArray()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Metrics_are_valid_and_count_requests()
    {
        for (var i = 0; i < 3; i++)
            (await _controller.Client.GetAsync("http://app.example/")).Dispose();
        (await _controller.Client.GetAsync("http://bad.example/")).Dispose();
        (await _controller.Client.GetAsync("http://unknown.example/")).Dispose();

        var samples = PrometheusPage.Parse(await _admin.GetStringAsync("/metrics"));

        double Value(string name, params (string Name, string Value)[] labels) =>
            Assert.Single(samples, sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value)).Value;
        Assert.Equal(3, Value("yarp_ingress_requests_total", ("ingress", "good"), ("code", "2xx")));
        Assert.Equal(1, Value("yarp_ingress_requests_total", ("ingress", "bad"), ("code", "5xx")));
        Assert.Equal(1, Value("yarp_ingress_requests_total", ("ingress", ""), ("code", "4xx")));
        Assert.Equal(3, Value("yarp_ingress_request_duration_seconds_count", ("ingress", "good")));
        Assert.Equal(1, Value("yarp_ingress_ready"));
        Assert.Equal(2, Value("yarp_ingress_ingresses"));
        Assert.Equal(1, Value("yarp_ingress_diagnostics", ("code", "ServiceNotFound"), ("severity", "Warning")));
        Assert.Contains(samples, sample => sample.Name == "yarp_ingress_certificate_expiry_seconds" && sample.Labels["host"] == "app.example");
        Assert.True(Value("process_resident_memory_bytes") > 1_000_000);
    }

    [Fact]
    public async Task Metrics_are_valid_before_the_first_request_and_under_load()
    {
        await using var controller = await TestController.StartAsync("");
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controller.AdminPort}") };
        PrometheusPage.Parse(await admin.GetStringAsync("/metrics"));

        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                (await _controller.Client.GetAsync("http://app.example/")).Dispose();
        });
        for (var i = 0; i < 20; i++)
            PrometheusPage.Parse(await _admin.GetStringAsync("/metrics"));
        await stop.CancelAsync();
        await load;
    }

    [Fact]
    public void Labels_are_escaped()
    {
        const string Special = "a\"b\\c\nd{e}=,é \\n";
        var text = new PrometheusText();
        text.Family("x", "gauge", "Help.");
        text.Sample("x", 1.5e300, ("one", Special), ("two", ""));
        text.Sample("x", -0.25);

        var samples = PrometheusPage.Parse(text.ToString());

        Assert.Equal((Special, "", 1.5e300), (samples[0].Labels["one"], samples[0].Labels["two"], samples[0].Value));
        Assert.Equal(-0.25, samples[1].Value);
    }

    [Fact]
    public async Task Admin_port_answers_before_the_lists_arrive_and_names_the_pending_ones()
    {
        await using var api = await SilentApiServer.StartAsync("secrets", "ingresses");
        using var folder = new TempFolder();
        var kubeconfig = folder.Write("config", $$"""
            {apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u} }], users: [{name: u, user: {} }],
             clusters: [{name: c, cluster: {server: "{{api.Url}}" } }] }
            """);
        await using var host = Hosting.ControllerHost.Create(new IngressOptions
        {
            Source = new SourceOptions { Kubeconfig = kubeconfig },
            Listener = new ListenerOptions { BindAddress = IPAddress.Loopback, HttpPort = 0, HttpsPort = 0, AdminPort = 0, InitialSyncTimeout = TimeSpan.Zero },
            Shutdown = new ShutdownOptions { Delay = TimeSpan.Zero },
        });
        await host.StartAsync(CancellationToken.None);
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.AdminPort}") };

        await api.UntilAnsweredAsync(4).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("ok\n", await admin.GetStringAsync("/healthz"));
        Assert.Equal("not ready: waiting for ingresses.networking.k8s.io, secrets\n", await NotReadyAsync("secrets\n"));
        Assert.Equal(0, Assert.Single(PrometheusPage.Parse(await admin.GetStringAsync("/metrics")), sample => sample.Name == "yarp_ingress_ready").Value);

        api.Open("ingresses");
        Assert.Equal("not ready: waiting for secrets\n", await NotReadyAsync("for secrets\n"));
        api.Open("secrets");
        await host.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("ok\n", await admin.GetStringAsync("/readyz"));
        Assert.Equal("[]", await admin.GetStringAsync("/api/routes"));

        await host.StopAsync(CancellationToken.None);

        // The controller processes the lists a moment after the server has sent them.
        async Task<string> NotReadyAsync(string end)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (true)
            {
                using var response = await admin.GetAsync("/readyz", deadline.Token);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                var text = await response.Content.ReadAsStringAsync(deadline.Token);
                if (text.EndsWith(end, StringComparison.Ordinal) && !text.Contains("services", StringComparison.Ordinal) && !text.Contains("endpointslices", StringComparison.Ordinal) && !text.Contains("ingressclasses", StringComparison.Ordinal))
                    return text;
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task Metrics_contain_the_expiry_of_the_default_certificate()
    {
        await using var controller = await TestController.StartAsync(
            new Pki().Secret("fallback", "fallback.example"),
            options => options with { Translation = options.Translation with { DefaultSslCertificate = new ResourceName("default", "fallback") } });
        using var admin = new HttpClient();

        Assert.Contains("yarp_ingress_certificate_expiry_seconds{host=\"(default)\"}", await admin.GetStringAsync($"http://127.0.0.1:{controller.AdminPort}/metrics"), StringComparison.Ordinal);
    }
}
