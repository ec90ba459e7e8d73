using IngressController.Configuration;
using IngressController.Metrics;

namespace IngressController.Overload;

internal static class OverloadServices
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the budgets of the process.</summary>
        public void AddOverload()
        {
            var cgroup = CgroupMemory.Find();
            var machine = MachineLimits.Read(cgroup);
            services.AddSingleton(machine);
            services.AddSingleton(provider => OverloadBudgets.Of(provider.GetRequiredService<OverloadOptions>(), machine));
            services.AddSingleton(provider => new MemoryPressure(machine, cgroup, provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<OverloadActions>();
            services.AddSingleton<ConnectionBudget>();
            services.AddSingleton<RequestBudget>();
            services.AddSingleton<OverloadRelief>();
            services.AddSingleton<MemoryRelease>();
            services.AddSingleton<OverloadMonitor>();
            services.AddMetrics<OverloadMetrics>();
        }
    }
}
