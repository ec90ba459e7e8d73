using IngressController.Tests.Fakes;
using static IngressController.Tests.Features.SessionAffinity.SessionFixture;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>session-cookie-change-on-failure: where a request goes whose endpoint fails.</summary>
public sealed class SessionFailureTests(SessionFixture proxy) : IClassFixture<SessionFixture>
{
    [Fact]
    public async Task A_session_stays_on_an_endpoint_that_refuses_connections()
    {
        var (backends, host, lost) = await ServeAndStopOneAsync("");
        var before = backends.Sum(backend => backend.Requests.Count);
        for (var i = 0; i < 3; i++)
        {
            var response = await proxy.VisitAsync(host, lost);
            Assert.Equal(502, response.Status);
            Assert.Empty(response.All("Set-Cookie"));
        }

        Assert.Equal(before, backends.Sum(backend => backend.Requests.Count));
        // Clients without a session go elsewhere.
        for (var i = 0; i < 6; i++)
            Assert.NotEqual(backends[0].Port, PortOf(await proxy.GetAsync(host)));
    }

    [Fact]
    public async Task With_change_on_failure_it_moves_once_and_gets_the_cookie_of_its_new_endpoint()
    {
        var (backends, host, lost) = await ServeAndStopOneAsync("session-cookie-change-on-failure: \"true\"");
        var moved = await proxy.VisitAsync(host, lost);
        Assert.NotEqual(backends[0].Port, PortOf(moved));
        for (var i = 0; i < 5; i++)
        {
            var response = await proxy.VisitAsync(host, CookieOf(moved));
            Assert.Equal(moved.Body, response.Body);
            Assert.Empty(response.All("Set-Cookie"));
        }

        // The endpoint took no connection a moment ago, so it is not even tried.
        Assert.NotNull((await proxy.VisitAsync(host, lost)).One("Set-Cookie"));
    }

    [Fact]
    public async Task A_new_session_whose_first_endpoint_fails_begins_on_the_one_that_answers()
    {
        using var refusing = WireBackend.Refusing(out var port);
        await using var backend = Named();
        var name = proxy.NewName();
        await proxy.AddAsync(Manifests.Service(name, [port, backend.Port]) + Manifests.Ingress(name, $"{name}.example", name, annotations: "affinity: cookie"));
        for (var i = 0; i < 4; i++)
        {
            var response = await proxy.GetAsync($"{name}.example");
            Assert.Equal(backend.Port, PortOf(response));
            Assert.Equal(backend.Port, PortOf(await proxy.VisitAsync($"{name}.example", CookieOf(response))));
        }
    }

    [Fact]
    public async Task A_retry_of_a_session_goes_to_its_endpoint()
    {
        var answers = true;
        WireBackend? closing = null;
        await using var own = closing = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                closing!.Requests.Enqueue(request);
                // A kept connection that ends without a response: an idempotent request is repeated.
                if (!Volatile.Read(ref answers))
                {
                    Volatile.Write(ref answers, true);
                    return;
                }

                await connection.SendAsync(WireBackend.Ok($"{closing.Port}"));
            }
        });
        await using var other = Named();
        var host = await proxy.ServeAsync([own, other]);
        WireMessage session;
        do
            session = await proxy.GetAsync(host);
        while (PortOf(session) != own.Port);

        Volatile.Write(ref answers, false);
        var count = own.Requests.Count;
        var response = await proxy.VisitAsync(host, CookieOf(session));
        Assert.Equal(own.Port, PortOf(response));
        Assert.Equal(count + 2, own.Requests.Count);
        Assert.Empty(response.All("Set-Cookie"));
    }

    /// <summary>Three backends, of which the first stops; returns the cookie of a session on it.</summary>
    private async Task<(WireBackend[] Backends, string Host, string Lost)> ServeAndStopOneAsync(string annotations)
    {
        var backends = Backends(3);
        var host = await proxy.ServeAsync(backends, annotations);
        WireMessage session;
        do
            session = await proxy.GetAsync(host);
        while (PortOf(session) != backends[0].Port);
        await backends[0].DisposeAsync();
        return (backends, host, CookieOf(session));
    }
}
