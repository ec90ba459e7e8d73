using System.Net;
using System.Net.Http.Json;
using IngressController.Demo;
using IngressController.Tests.Fakes;
using IngressController.Views;

namespace IngressController.Tests.Proxy;

public sealed class RoutingTests
{
    [Fact]
    public async Task A_request_reaches_the_Service_of_its_host_and_follows_a_change()
    {
        EchoPod[] pods = [new("a", "a-1"), new("b", "b-1")];
        await using var backend = await EchoBackend.StartAsync(pods, CancellationToken.None);
        var services = Manifests.Service("a", [backend.Ports[pods[0]]]) + Manifests.Service("b", [backend.Ports[pods[1]]]);
        await using var controller = await TestController.StartAsync(services + Manifests.Ingress("i", "app.example", "a"));

        Assert.Equal("a", (await controller.Client.GetFromJsonAsync<Echo>("http://app.example/"))!.Service);

        await controller.ApplyAsync(services + Manifests.Ingress("i", "app.example", "b"));
        Assert.Equal("b", (await controller.Client.GetFromJsonAsync<Echo>("http://app.example/"))!.Service);

        await controller.ApplyAsync(services);
        Assert.Equal(HttpStatusCode.NotFound, (await controller.Client.GetAsync("http://app.example/")).StatusCode);
    }
}
