using Yarp.ReverseProxy.Forwarder;

namespace IngressController.Forwarding;

/// <summary>A failure of the direct forwarder, reported as by that of YARP.</summary>
internal sealed class Http1Failure(ForwarderError error, Exception exception) : IForwarderErrorFeature
{
    public ForwarderError Error => error;

    public Exception Exception => exception;

    /// <summary>Sets the failure as a feature of the request, and its status.</summary>
    public static ForwarderError Report(HttpContext context, ForwarderError error, Exception exception, int? status = null)
    {
        context.Features.Set<IForwarderErrorFeature>(new Http1Failure(error, exception));
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status ?? error switch
            {
                ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient => StatusCodes.Status400BadRequest,
                ForwarderError.RequestTimedOut => StatusCodes.Status504GatewayTimeout,
                _ => StatusCodes.Status502BadGateway,
            };
        }

        return error;
    }
}
