using System.Net;
using System.Text;
using System.Text.Json;
using IngressController.Explain;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>A client of the admin API of a running controller.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="ExplainException">The server cannot be reached or is not a controller.</exception>
    public static async Task<Explanation> ExplainAsync(Uri server, ExplainRequest request, CancellationToken cancellation)
    {
        // Without a proxy: the address is mostly on this machine, or a port that is forwarded to it.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = Timeout };
        try
        {
            using var response = await client.GetAsync(new Uri(server, $"api/explain{Query(request)}"), cancellation);
            var body = await response.Content.ReadAsStringAsync(cancellation);
            if (response.StatusCode == HttpStatusCode.OK)
                return ViewJson.Read<Explanation>(body) ?? throw new JsonException("the response is null");
            throw new ExplainException(response.StatusCode == HttpStatusCode.BadRequest
                ? $"{server} rejected the request: {body.Trim()}"
                : $"{server} answered {(int)response.StatusCode}: it is not the admin port of a controller; set that with --admin URL");
        }
        catch (JsonException error)
        {
            throw new ExplainException($"{server} did not return an explanation: it is not the admin port of a controller of this version", error);
        }
        catch (HttpRequestException error)
        {
            throw new ExplainException(
                $"no controller answers at {server} ({error.Message.TrimEnd('.')}); start one, set its admin port with --admin URL, or explain a folder with --manifests DIR",
                error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new ExplainException($"{server} did not respond within {Timeout.TotalSeconds:0} seconds", error);
        }
    }

    private static string Query(ExplainRequest request)
    {
        var query = new StringBuilder("?url=").Append(Uri.EscapeDataString(request.Url))
            .Append("&method=").Append(Uri.EscapeDataString(request.Method))
            .Append("&client=").Append(Uri.EscapeDataString(request.Client.ToString()));
        foreach (var (name, value) in request.Headers)
            query.Append("&header=").Append(Uri.EscapeDataString($"{name}:{value}"));
        return query.ToString();
    }
}
