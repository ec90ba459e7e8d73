namespace IngressController.Pipeline;

/// <summary>
/// One step of a request before it is forwarded. Built with the route, only for routes whose policies ask for it; the order is that of the
/// pipeline's list.
/// </summary>
internal abstract class RequestStep
{
    /// <summary>The name that <c>explain</c> shows.</summary>
    public abstract string Name { get; }

    /// <summary>True if the step replies to every request, so that nothing after it is built.</summary>
    public virtual bool IsFinal => false;

    /// <summary>The values in force, for <c>explain</c>: <c>308 to https, unless the client came by https</c>.</summary>
    public abstract string Describe(Revision revision);

    /// <summary>Returns true if the request continues, false after a local reply.</summary>
    public abstract ValueTask<bool> InvokeAsync(ProxyRequest request);

    /// <summary>
    /// The same decision without effects outside the request: nothing is counted, no service is called. Returns true as well when only a real
    /// request could tell; <see cref="Describe"/> then says so.
    /// </summary>
    public virtual ValueTask<bool> DryRunAsync(ProxyRequest request) => InvokeAsync(request);
}
