namespace IngressController.Pipeline;

/// <summary>
/// A step of the pipeline before a request is forwarded. Created with the route if the route's policies require it. The pipeline's list
/// defines the order.
/// </summary>
internal abstract class RequestStep
{
    /// <summary>The name that <c>explain</c> shows.</summary>
    public abstract string Name { get; }

    /// <summary>True if the step replies to every request, so that no later step is created.</summary>
    public virtual bool IsFinal => false;

    /// <summary>The values that apply, for <c>explain</c>: <c>308 to https, unless the client came by https</c>.</summary>
    public abstract string Describe(Revision revision);

    /// <summary>Returns true if the request continues, false after a local reply.</summary>
    public abstract ValueTask<bool> InvokeAsync(ProxyRequest request);

    /// <summary>
    /// A dry run of the step, without effects outside the request: nothing is counted and no service is called. Also returns true if only a
    /// real request can be decided; <see cref="Describe"/> then mentions it.
    /// </summary>
    public virtual ValueTask<bool> DryRunAsync(ProxyRequest request) => InvokeAsync(request);
}
