using System.Globalization;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using IngressController.Configuration;
using IngressController.Explain;
using IngressController.Tests.Fakes;
using IngressController.Views;

namespace IngressController.Tests.Explain;

/// <summary>
/// Compares the verdict of explain with the response over a real socket, for random requests. The message of a failure has the seed;
/// <c>EXPLAIN_SEED</c> repeats one.
/// </summary>
public sealed class ExplainPropertyTests
{
    private const int Requests = 1_200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Verdict_matches_the_response_of_the_proxy(bool hasDefaultBackend)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("EXPLAIN_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        await using var cluster = await ExplainedCluster.StartAsync(options => hasDefaultBackend ? WithDefaultBackend(options) : options);
        var requests = new RandomRequests(seed, cluster.Rules);
        var statuses = new Dictionary<int, int>();
        for (var i = 0; i < Requests; i++)
        {
            var request = requests.Next();
            var explanation = await cluster.Explainer.ExplainAsync(Parse(request), CancellationToken.None);
            var (answer, subject) = await SendAsync(cluster.Controller, request);
            var difference = Difference(request, explanation, answer, subject);
            Assert.True(difference is null, $"seed {seed}, request {i}: {request}\n{difference}\n{JsonSerializer.Serialize(explanation, ViewJson.Options)}");
            AssertConsistent(explanation);
            statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
        }

        // The test is meaningful only if the requests cause all kinds of responses.
        Assert.All([200, 400, 503], status => Assert.True(statuses.GetValueOrDefault(status) >= 10, $"seed {seed}: {statuses.GetValueOrDefault(status)} answers of status {status}"));
        Assert.True(hasDefaultBackend || statuses.GetValueOrDefault(404) >= 10, $"seed {seed}: {statuses.GetValueOrDefault(404)} answers of status 404");
    }

    [Fact]
    public async Task Admin_port_returns_the_same_explanation_as_the_process()
    {
        await using var cluster = await ExplainedCluster.StartAsync();
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{cluster.Controller.AdminPort}") };
        var requests = new RandomRequests(1, cluster.Rules);
        for (var i = 0; i < 100; i++)
        {
            var request = requests.Next();
            var query = $"?url={Uri.EscapeDataString(request.Url)}&method={request.Method}{string.Concat(request.Fields.Select(field => $"&header={Uri.EscapeDataString(field)}"))}";

            var fromAdmin = await admin.GetFromJsonAsync<Explanation>($"/api/explain{query}", ViewJson.Options);

            Assert.Equal(Json(await cluster.Explainer.ExplainAsync(Parse(request), CancellationToken.None)), Json(fromAdmin!));
        }
    }

    private static IngressOptions WithDefaultBackend(IngressOptions options) =>
        options with { Translation = options.Translation with { DefaultBackendService = new("default", "fallback") } };

    private static ExplainRequest Parse(RandomRequest request) => ExplainRequest.Parse(request.Url, request.Method, request.Fields, "127.0.0.1");

    private static string Json(Explanation explanation) => JsonSerializer.Serialize(explanation, ViewJson.Options);

    /// <summary>Returns the difference between the explanation and the response of the proxy; null for none.</summary>
    private static string? Difference(RandomRequest request, Explanation explanation, WireMessage answer, string? certificateSubject)
    {
        var verdict = explanation.Verdict;
        if (certificateSubject is not null && SubjectOf(explanation.Certificate!) != certificateSubject)
            return $"the certificate is of {certificateSubject}";

        if (verdict.ForwardedTo is null)
        {
            return answer.Status != verdict.Status ? $"the status is {answer.Status}: {answer.Body}"
                : answer.One("Location") != verdict.Location ? $"the location is {answer.One("Location")}"
                : null;
        }

        if (answer.Status != 200)
            return $"the status is {answer.Status}: {answer.Body}";
        if (request.Method == "HEAD")
            return null;
        var echo = JsonSerializer.Deserialize<Echo>(answer.Body, ViewJson.Options)!;
        var service = verdict.ForwardedTo.Split('/', ':')[1];
        return echo.Service != service ? $"the backend is {echo.Service}"
            : echo.Path != explanation.Backend!.Path ? $"the backend got {echo.Path}"
            : echo.Host != explanation.Backend.Host ? $"the backend got Host {echo.Host}"
            : null;
    }

    private static string SubjectOf(CertificateView certificate) =>
        certificate.SerialNumber is null ? "CN=YARP Ingress Controller Default Certificate" : certificate.Subject;

    /// <summary>Requires that the parts of an explanation are consistent.</summary>
    private static void AssertConsistent(Explanation explanation)
    {
        var isDefault = explanation.Hosts.Any(host => host is { IsChosen: true, Entry: "(--default-backend-service)" });
        // A name that redirects to its www variant, or from it, has no paths.
        Assert.Equal(explanation.Route is null || isDefault || explanation.Paths.Length == 0 ? 0 : 1, explanation.Paths.Count(path => path.IsChosen));
        Assert.InRange(explanation.Hosts.Count(host => host.IsChosen), 0, isDefault ? 2 : 1);
        Assert.True(explanation.Verdict.ForwardedTo is null == explanation.Verdict.Status is not null);
        if (explanation.Verdict.ForwardedTo is { } backend)
            Assert.Equal(backend, explanation.Backend!.Name);
    }

    private static async Task<(WireMessage Answer, string? CertificateSubject)> SendAsync(TestController controller, RandomRequest request)
    {
        if (request.Scheme == "http")
            return (await WireConnection.ExchangeAsync(controller.HttpPort, request.Wire), null);
        var name = request.Host.StartsWith('[') ? "::1" : request.Host.Split(':')[0];
        await using var connection = await WireConnection.ConnectAsync(
            controller.HttpsPort, new SslClientAuthenticationOptions { TargetHost = name, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        var subject = ((SslStream)connection.Stream).RemoteCertificate!.Subject;
        try
        {
            await connection.SendAsync(request.Wire);
        }
        catch (IOException error) when (error.InnerException is SocketException)
        {
            // Rejected before its body was sent; the response is still readable.
        }

        return (await connection.ReadResponseAsync(request.Method), subject);
    }
}
