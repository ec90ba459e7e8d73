using System.Text;
using IngressController.Pipeline;
using IngressController.Upstream.Http1;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Forwarding;

/// <summary>A response of an endpoint that a page replaces. The HTTP client reads a short rest of it too before it keeps the connection.</summary>
internal static class ReplacedResponse
{
    private const int MaxRest = 64 * 1024;

    private static readonly TimeSpan RestTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Returns true if the response is replaced. As in nginx, only the challenge of 401 is kept of it.</summary>
    public static bool Begin(ProxyRequest request, ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        if (request.Route.Plan.ErrorPages is not { } pages || !pages.ReplacesResponse(request, head.Status))
            return false;
        var challenge = StringValues.Empty;
        if (head.Status == StatusCodes.Status401Unauthorized)
        {
            for (var i = 0; i < head.Fields.Length; i++)
            {
                if (Ascii.EqualsIgnoreCase(head.Fields[i].Name(bytes), HeaderNames.WWWAuthenticate))
                    challenge = StringValues.Concat(challenge, head.TextOf(i, bytes).Value);
            }
        }

        Begin(request, head.Status, challenge);
        return true;
    }

    /// <summary>Returns true if the response is replaced.</summary>
    public static bool Begin(ProxyRequest request, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (request.Route.Plan.ErrorPages is not { } pages || !pages.ReplacesResponse(request, status))
            return false;
        var isChallenge = status == StatusCodes.Status401Unauthorized & response.Headers.NonValidated.TryGetValues(HeaderNames.WWWAuthenticate, out var values);
        Begin(request, status, isChallenge ? new StringValues([.. values]) : StringValues.Empty);
        if (request.Context.Features.Get<IHttpResponseFeature>() is { } head)
            head.ReasonPhrase = null;
        return true;
    }

    /// <summary>Reads the rest of it while that is short, so that the connection can be used again.</summary>
    public static async Task DiscardAsync(Http1Connection connection, ResponseReader response, TimeProvider time)
    {
        var isRead = false;
        try
        {
            await using var timer = time.CreateTimer(static late => ((Http1Connection)late!).Abort(), connection, RestTimeout, Timeout.InfiniteTimeSpan);
            isRead = await ReadAsync(connection, response);
        }
        catch (Exception)
        {
            // No one needs it: the connection ends.
        }

        if (isRead)
            connection.Return();
        else
            connection.End();
    }

    private static async ValueTask<bool> ReadAsync(Http1Connection connection, ResponseReader response)
    {
        var left = MaxRest;
        while (!response.IsComplete)
        {
            if (connection.Buffer.Received.IsEmpty || !response.TryReadPart(left, out var data))
            {
                if (!await connection.ReceiveAsync())
                    return false;
                continue;
            }

            left -= data.Length;
            if (left <= 0 && !response.IsComplete)
                return false;
        }

        return true;
    }

    private static void Begin(ProxyRequest request, int status, StringValues challenge)
    {
        request.HeadCame();
        request.ReplacedStatus = status;
        if (challenge.Count > 0)
            request.Context.Response.Headers.WWWAuthenticate = challenge;
    }
}
