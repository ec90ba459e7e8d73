using IngressController.Pipeline;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.Canary.CanaryFixture;

namespace IngressController.Tests.Features.Canary;

/// <summary>
/// The shares of weights on a seeded source of randomness. Each is within four standard deviations of its ideal: a correct choice fails one of
/// 16,000 such checks, and with the seed it never does.
/// </summary>
public sealed class CanaryShareTests
{
    private const int Draws = 100_000;

    [Fact]
    public async Task Requests_over_sockets_are_shared_by_weight()
    {
        await using var main = WireBackend.Answer(WireBackend.Ok("main"));
        await using var next = WireBackend.Answer(WireBackend.Ok("next"));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("main", [main.Port]) + Manifests.Service("next", [next.Port]) + MainOf("app.example") + CanaryOf("app.example", "next", ("canary-weight", "20")),
            random: new SeededRandom(1));
        var answers = new List<string>();
        for (var i = 0; i < 1_000; i++)
            answers.Add(await controller.Client.GetStringAsync("http://app.example/"));
        AssertShare(0.2, answers.Count(answer => answer == "next"), answers.Count);
        Assert.Equal(answers.Count(answer => answer == "next"), next.Requests.Count);
        Assert.Equal(answers.Count(answer => answer == "main"), main.Requests.Count);
    }

    [Theory]
    [InlineData("1", null, 0.01)]
    [InlineData("50", null, 0.5)]
    [InlineData("99", null, 0.99)]
    [InlineData("1", "1000", 0.001)]
    [InlineData("100", "200", 0.5)]
    [InlineData("50", "60", 0.5)]
    public async Task A_canary_gets_its_weight_of_the_total(string weight, string? total, double share)
    {
        (string, string)[] rules = total is null ? [("canary-weight", weight)] : [("canary-weight", weight), ("canary-weight-total", total)];
        var counts = await DrawAsync(MainOf("app.example") + CanaryOf("app.example", "next", rules));
        AssertShare(share, counts.GetValueOrDefault("next"), Draws);
        Assert.Equal(Draws, counts.Values.Sum());
    }

    [Fact]
    public async Task Weights_of_several_canaries_add_up()
    {
        var counts = await DrawAsync(
            MainOf("app.example") + CanaryOf("app.example", "beta", ("canary-weight", "10")) + CanaryOf("app.example", "gamma", ("canary-weight", "200"), ("canary-weight-total", "1000"))
            + CanaryOf("app.example", "next", ("canary-weight", "30")));
        AssertShare(0.1, counts["beta"], Draws);
        AssertShare(0.2, counts["gamma"], Draws);
        AssertShare(0.3, counts["next"], Draws);
        AssertShare(0.4, counts["main"], Draws);
    }

    [Fact]
    public async Task Weights_over_all_requests_leave_the_younger_what_is_left()
    {
        var counts = await DrawAsync(
            MainOf("app.example") + CanaryOf("app.example", "beta", ("canary-weight", "70")) + CanaryOf("app.example", "gamma", ("canary-weight", "70"))
            + CanaryOf("app.example", "next", ("canary-weight", "70")));
        AssertShare(0.7, counts["beta"], Draws);
        AssertShare(0.3, counts["gamma"], Draws);
        Assert.Equal(2, counts.Count);
    }

    [Fact]
    public async Task A_canary_without_endpoints_leaves_its_share_to_main()
    {
        var counts = await DrawAsync(
            MainOf("app.example") + CanaryOf("app.example", "beta", ("canary-weight", "30")) + CanaryOf("app.example", "absent", ("canary-weight", "30")), present: ["main", "beta"]);
        AssertShare(0.3, counts["beta"], Draws);
        AssertShare(0.7, counts["main"], Draws);
    }

    [Fact]
    public async Task A_canary_that_a_request_excludes_leaves_its_share_to_main()
    {
        var counts = await DrawAsync(
            MainOf("app.example") + CanaryOf("app.example", "beta", ("canary-weight", "40"), ("canary-by-header", "X-Beta")) + CanaryOf("app.example", "next", ("canary-weight", "40")),
            headers => headers["X-Beta"] = "never");
        AssertShare(0.4, counts["next"], Draws);
        AssertShare(0.6, counts["main"], Draws);
    }

    internal static void AssertShare(double share, int count, int of)
    {
        var deviation = Math.Sqrt(of * share * (1 - share));
        Assert.InRange(count, (of * share) - (4 * deviation), (of * share) + (4 * deviation));
    }

    /// <summary>Runs the step that chooses the backend, and counts the Services that it chooses.</summary>
    internal static async Task<Dictionary<string, int>> DrawAsync(string ingresses, Action<IHeaderDictionary>? fields = null, string[]? present = null)
    {
        var services = present ?? Services;
        await using var controller = await TestController.StartAsync(
            string.Concat(services.Select((name, index) => Manifests.Service(name, [1000 + index]))) + ingresses, random: new SeededRandom(2));
        var revision = controller.Services.GetRequiredService<LiveRevision>().Current;
        var route = (ProxyRoute)revision.Hosts.Find("app.example", "/")!;
        var step = Assert.Single(route.Plan.Steps.OfType<BackendStep>());
        var context = new DefaultHttpContext();
        fields?.Invoke(context.Request.Headers);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Draws; i++)
        {
            var request = ProxyRequests.Of(context, route, revision);
            Assert.True(await step.InvokeAsync(request));
            var service = request.Cluster!.Id.Service.Name;
            counts[service] = counts.GetValueOrDefault(service) + 1;
        }

        return counts;
    }
}
